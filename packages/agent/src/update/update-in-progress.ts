import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';

/** Why a robot does not go back by hand right now. */
export const updateInProgress = (component: ComponentName): Refusal => ({
  phase: 'roll-back',
  component,
  element: component,
  category: 'busy',
  detail: 'An update is in progress on this robot.',
  retryable: true,
  hint: 'Wait for it to end (`fairlead-agent status`), or cancel it on the server first.',
});
