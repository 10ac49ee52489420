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

export const ROLLOUT = 'ro_0123456789';
const stage = (name: string, percent: number, more: Record<string, unknown> = {}) => ({
  name,
  stage: { name, upTo: { percent } },
  state: 'pending',
  size: 0,
  counts: { states: {}, unplaced: 0, ready: 0, granted: 0, silent: 0 },
  ...more,
});

/** A canary rollout to 20 robots whose first stage is at work. */
export const rollout = (more: Record<string, unknown> = {}) => ({
  rollout: ROLLOUT,
  generation: 7,
  state: 'running',
  spec: {
    kind: 'deploy',
    component: 'walking',
    version: '2.0.0',
    environment: 'production',
    target: { selector: 'site=munich' },
    strategy: 'canary',
    stages: [
      { name: 'canary', upTo: { percent: 20 } },
      { name: 'all', upTo: { percent: 100 } },
    ],
    newRobots: 'leave-out',
    onFailure: 'revert',
    priority: 50,
    reason: 'It no longer stumbles on wet floors, as seen in all of the tests of the last two weeks.',
  },
  createdAt: WHEN,
  createdBy: 'ada',
  startedAt: WHEN,
  members: 20,
  excluded: 2,
  stage: 0,
  stages: [
    stage('canary', 20, {
      state: 'running',
      size: 4,
      counts: { states: { succeeded: 1, switching: 1, pending: 1 }, unplaced: 1, ready: 0, granted: 1, silent: 0 },
    }),
    stage('all', 100),
  ],
  ...more,
});
