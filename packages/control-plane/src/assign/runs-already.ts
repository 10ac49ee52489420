/**
 * Whether an order needs no work because the robot runs its release. Only the robot's own statement counts, and only
 * one made after every update of the component had ended: during a switch a robot still reports what it ran before.
 * Without such a statement the order stays open, and the robot answers `skipped` itself where it measures the digest.
 */
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { ComponentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices } from '../store/store.ts';
import { activeOf } from './judge-order.ts';

/** What a robot reported last, and up to when that describes it; `at` is absent before the first check-in. */
export interface Statement {
  readonly facts: RobotFacts;
  readonly at: Instant | undefined;
}

/** Updates of one component end one after the other: an older one cannot be in progress behind so many newer ones. */
const RECENT = 20;

export async function runsAlready(
  { deployments }: Pick<Slices, 'deployments'>,
  robot: RobotId,
  release: { readonly component: ComponentName; readonly manifestSha256: Sha256 },
  { facts, at }: Statement,
): Promise<boolean> {
  const { component } = release;
  if (activeOf(facts, component)?.manifestSha256 !== release.manifestSha256) return false;
  const { activity } = facts;
  if (activity && activity.state !== 'idle' && activity.component === component) return false;
  const recent = await deployments.list({ robot, component }, { limit: RECENT });
  return recent.every((deployment) => isOver(deployment, at));
}

/** What was never offered was never begun; what ended may have changed the robot until its next statement. */
const isOver = ({ state, endedAt }: Deployment, at: Instant | undefined): boolean =>
  isTerminal(state) ? endedAt === undefined || (at !== undefined && endedAt <= at) : state === 'pending';
