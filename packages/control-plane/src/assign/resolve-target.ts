/** Who is meant: a target of an order, as robots of this moment. */
import { labelsOf } from '@fairlead/shared/fleet/labels-of';
import { matches } from '@fairlead/shared/fleet/selector';
import type { Target } from '@fairlead/shared/fleet/target';
import { needRobot, readSelector } from '../fleet/list-robots.ts';
import { problem } from '../http/problem.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';

/**
 * By name. A robot asked for by name comes back whatever its lifecycle, so that its refusal can be told; groups,
 * selectors and all mean accepted robots. Throws not_found where nobody is meant: a typing mistake in a group
 * must not look like success.
 */
export async function resolveTarget(
  { robots, rollouts }: Pick<Slices, 'robots' | 'rollouts'>,
  target: Target,
): Promise<RobotRecord[]> {
  if ('robot' in target) return [await needRobot({ robots }, target.robot)];
  if ('updatedBy' in target) return [...(await robots.named(await rollouts.updatedBy(target.updatedBy)))].sort(byName);
  const chooses = chooser(target);
  const chosen = (await robots.all()).filter((robot) => robot.lifecycle === 'accepted' && chooses(robot));
  if (chosen.length > 0) return chosen;
  throw problem('not_found', 'No accepted robot is meant by that.', { hint: 'See fairlead robot list.' });
}

const byName = (one: RobotRecord, other: RobotRecord): number => (one.robot < other.robot ? -1 : 1);

function chooser(
  target: Exclude<Target, { robot: unknown } | { updatedBy: unknown }>,
): (robot: RobotRecord) => boolean {
  if ('all' in target) return () => true;
  if ('group' in target) return ({ group }) => group === target.group;
  const selector = readSelector(target.selector);
  return (robot) => matches(selector, labelsOf(robot));
}
