/** Three separate enums, never one "status": where a robot stands, whether we hear it, what it is doing. */
import { Type } from 'typebox';

export const LIFECYCLES = ['pending', 'accepted', 'rejected', 'decommissioned'] as const;
export const Lifecycle = Type.Enum([...LIFECYCLES], { description: 'Whether this robot belongs to the fleet.' });
export type Lifecycle = (typeof LIFECYCLES)[number];

export const PRESENCES = ['online', 'late', 'offline', 'never-seen'] as const;
export const Presence = Type.Enum([...PRESENCES], { description: 'Whether the robot is heard, from its check-ins.' });
export type Presence = (typeof PRESENCES)[number];

export const UPDATE_STATES = [
  'idle',
  'downloading',
  'verifying',
  'staging',
  'testing',
  'waiting',
  'switching',
  'probation',
  'committing',
  'rolling-back',
  'reporting',
] as const;
export const UpdateState = Type.Enum([...UPDATE_STATES], { description: 'What the agent is doing right now.' });
export type UpdateState = (typeof UPDATE_STATES)[number];

export const HEALTH_STATES = ['healthy', 'degraded', 'unknown'] as const;

/** One robot's part in a rollout or a direct assignment. `rejected` (the robot refused) is never `failed` (it tried). */
export const DEPLOYMENT_STATES = [
  'pending',
  'offered',
  'downloading',
  'staged',
  'waiting',
  'switching',
  'probation',
  'succeeded',
  'degraded',
  'failed',
  'rolled-back',
  'rejected',
  'skipped',
  'timed-out',
  'cancelled',
  'quarantined',
] as const;
export const DeploymentState = Type.Enum([...DEPLOYMENT_STATES], { description: 'How far this deployment has come.' });
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/** The robot has done all that its order asked for. Only between `succeeded` and `degraded` can it still move. */
export const TERMINAL_DEPLOYMENT_STATES: readonly DeploymentState[] = [
  'succeeded',
  'degraded',
  'failed',
  'rolled-back',
  'rejected',
  'skipped',
  'timed-out',
  'cancelled',
  'quarantined',
];
export const isTerminal = (state: DeploymentState): boolean => TERMINAL_DEPLOYMENT_STATES.includes(state);
