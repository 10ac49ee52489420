/** One colour per meaning, the same in every table. */
import type { DeploymentState, Lifecycle, Presence } from '@fairlead/shared/fleet/states';
import type { RolloutState, StageState } from '@fairlead/shared/rollout/states';
import type { Cell, Tone } from './output.ts';

// biome-ignore format: the tables are read by column
const DEPLOYMENT: Readonly<Record<DeploymentState, Tone>> = {
  'pending': 'dim',      'offered': 'dim',
  'downloading': 'warn', 'staged': 'warn', 'waiting': 'warn', 'switching': 'warn', 'probation': 'warn',
  'succeeded': 'good',   'skipped': 'dim', 'cancelled': 'dim',
  'degraded': 'bad',
  'failed': 'bad',       'rolled-back': 'bad', 'rejected': 'bad', 'timed-out': 'bad', 'quarantined': 'bad',
};
const PRESENCE: Readonly<Record<Presence, Tone>> = {
  online: 'good',
  late: 'warn',
  offline: 'bad',
  'never-seen': 'dim',
};
const LIFECYCLE: Readonly<Record<Lifecycle, Tone>> = {
  pending: 'warn',
  accepted: 'good',
  rejected: 'bad',
  decommissioned: 'dim',
};

// biome-ignore format: the tables are read by column
const ROLLOUT: Readonly<Record<RolloutState, Tone>> = {
  'awaiting-approval': 'warn', 'scheduled': 'dim', 'running': 'warn', 'paused': 'bad', 'halted': 'bad',
  'completed': 'good', 'ended-without-robots': 'bad', 'denied': 'bad', 'expired': 'bad', 'aborted': 'bad', 'superseded': 'dim',
};
const STAGE: Readonly<Record<StageState, Tone>> = {
  pending: 'dim',
  running: 'warn',
  soaking: 'warn',
  passed: 'good',
  failed: 'bad',
  inconclusive: 'bad',
};

export const toneOf = (state: DeploymentState): Tone => DEPLOYMENT[state];
export const deploymentCell = (state: DeploymentState): Cell => ({ text: state, tone: DEPLOYMENT[state] });
export const presenceCell = (presence: Presence): Cell => ({ text: presence, tone: PRESENCE[presence] });
export const lifecycleCell = (lifecycle: Lifecycle): Cell => ({ text: lifecycle, tone: LIFECYCLE[lifecycle] });
export const rolloutTone = (state: RolloutState): Tone => ROLLOUT[state];
export const stageCell = (state: StageState): Cell => ({ text: state, tone: STAGE[state] });
