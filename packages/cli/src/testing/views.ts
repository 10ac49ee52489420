/** Small builders of what a control plane answers. */
import type { Refusal } from '@fairlead/shared/failure';
import type { DeploymentState } from '@fairlead/shared/fleet/states';

const WHEN = '2026-11-21T09:00:00.000Z';
export const DIGEST = 'ab'.repeat(32);

export const robot = (more: Record<string, unknown> = {}) => ({
  robot: 'duck-1',
  lifecycle: 'accepted',
  presence: 'online',
  environment: 'production',
  group: 'warehouse',
  labels: { floor: '2' },
  keyFingerprint: DIGEST,
  enrolledAt: WHEN,
  components: [{ component: 'walking', active: { version: '1.0.0', manifestSha256: DIGEST } }],
  desired: [],
  ...more,
});

export const refusal = (category: string): Refusal => ({
  phase: 'smoke-test',
  element: 'policy.onnx',
  category,
  detail: 'The output holds NaN.',
  retryable: false,
  hint: 'Retrain the model.',
});

export const deployment = (state: DeploymentState, more: Record<string, unknown> = {}) => ({
  deployment: 'dep_0123456789',
  robot: 'duck-1',
  environment: 'production',
  component: 'walking',
  version: '2.0.0',
  manifestSha256: DIGEST,
  kind: 'deploy',
  state,
  createdAt: WHEN,
  createdBy: 'admin',
  ...more,
});
