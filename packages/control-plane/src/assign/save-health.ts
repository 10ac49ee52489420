/** Writes down that what a robot was ordered became degraded, or is not any more. */
import { countedState, withFindings } from '@fairlead/shared/fleet/degradation';
import type { ComponentName, RobotId, RolloutId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment, DeploymentEventRecord } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

/** What changed: the rollouts whose counts did. */
export interface HealthChange {
  readonly rollouts: readonly RolloutId[];
}
export const UNCHANGED: HealthChange = { rollouts: [] };

/**
 * Writes the difference, if there is one, to this order and to those that the robot skipped because it ran the release
 * already: the gates of their rollouts count its health as well.
 */
export async function saveHealth(
  slices: Slices,
  before: Deployment,
  next: Deployment,
  at: Instant,
  by: string = next.robot,
): Promise<HealthChange> {
  if (next === before) return UNCHANGED;
  const { refusal } = next;
  return saveWithSkipped(slices, next, { at, state: countedState(next), by, ...(refusal && { refusal }) });
}

/** Writes an order with this event, and its findings to those that the robot skipped beside it. */
export async function saveWithSkipped(
  slices: Slices,
  order: Deployment,
  event: DeploymentEventRecord,
): Promise<HealthChange> {
  const skipped = (await skippedBeside(slices, order)).map((each) => withFindings(each, order.degradedBy));
  await slices.deployments.save(order, event);
  for (const each of skipped) {
    const { refusal } = each;
    const { at, by } = event;
    await slices.deployments.save(each, { at, state: countedState(each), by, ...(refusal && { refusal }) });
  }
  return { rollouts: [order, ...skipped].flatMap(({ part }) => (part ? [part.rollout] : [])) };
}

/** Skipped orders of the same release that the robot has now, or whose rollouts have not ended. */
export async function skippedBeside(slices: Slices, of: Deployment): Promise<readonly Deployment[]> {
  const ordered = await orderedOf(slices, of.robot, of.component);
  const found: Deployment[] = [];
  for (const each of await ordersOfRelease(slices, of)) {
    if (each.state !== 'skipped' || each.deployment === of.deployment) continue;
    const rollout = each.part && (await slices.rollouts.find(each.part.rollout));
    if (each.deployment === ordered?.deployment || (rollout && !hasEnded(rollout.state))) found.push(each);
  }
  return found;
}

/** The newest orders of this release on this robot: those of rollouts that have not ended, and of its repairs, are among them. */
export async function ordersOfRelease(
  { deployments }: Pick<Slices, 'deployments'>,
  { robot, component, manifestSha256 }: Deployment,
): Promise<readonly Deployment[]> {
  const newest = await deployments.list({ robot, component }, { limit: LOOKED_THROUGH });
  return newest.filter((order) => order.manifestSha256 === manifestSha256);
}

/** Of one robot and component. */
const LOOKED_THROUGH = 20;

/** The order of this component that the robot has now. */
export const orderedOf = async ({ desired }: Slices, robot: RobotId, component: ComponentName | string | undefined) =>
  component === undefined
    ? undefined
    : (await desired.of(robot)).deployments.find((deployment) => deployment.component === component);
