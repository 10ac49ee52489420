import type { Refusal } from '@fairlead/shared/failure';

/** What a robot reports of a release that its disk has damaged. */
export const ACTIVE_DAMAGED: Refusal = {
  phase: 'verify',
  component: 'walking',
  element: 'policy.onnx',
  category: 'active_damaged',
  detail: 'walking@1.0.0 is no longer what was signed.',
  retryable: true,
  hint: 'Check the disk.',
};
