/** Who is meant: a target of an order, as robots of this moment. */
import { closestWord } from '@fairlead/shared/closest-word';
import { choosing } from '@fairlead/shared/fleet/choose-robots';
import type { SavedGroup } from '@fairlead/shared/fleet/saved-group';
import type { Target } from '@fairlead/shared/fleet/target';
import type { RobotId } from '@fairlead/shared/ids';
import { labelled } from '../fleet/labelled.ts';
import { needRobot, selectorProblem } from '../fleet/list-robots.ts';
import { problem } from '../http/problem.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import { stillRunning } from './updated-by.ts';

/**
 * By name. A robot asked for by name comes back whatever its lifecycle, so that its refusal can be told; groups,
 * selectors and all mean accepted robots. Throws not_found where nobody is meant: a typing mistake in a group
 * must not look like success.
 */
export async function resolveTarget(
  { robots, rollouts, rules, desired }: Pick<Slices, 'robots' | 'rollouts' | 'rules' | 'desired'>,
  target: Target,
  factsOf: (robot: RobotId) => RobotFacts,
): Promise<RobotRecord[]> {
  if ('robot' in target) return [await needRobot({ robots }, target.robot)];
  if ('updatedBy' in target) {
    const updated = await stillRunning({ rollouts, desired }, target.updatedBy, factsOf);
    return [...(await robots.named(updated))].sort(byName);
  }
  const { groups } = await rules.all();
  const chooses = choosing(target, groups);
  if (!chooses.ok) throw selectorProblem(chooses.refused);
  const members = (await robots.all()).filter(({ lifecycle }) => lifecycle === 'accepted');
  const chosen = members.filter((robot) => chooses.value(labelled(robot, factsOf(robot.robot))));
  if (chosen.length > 0) return chosen;
  throw nobodyMeant(target, groups, members);
}

/** With the group that was meant, where there is one of nearly that name. */
export function nobodyMeant(target: Target, groups: readonly SavedGroup[], members: readonly RobotRecord[]) {
  const known = [...groups.map(({ name }) => name), ...members.flatMap(({ group }) => group ?? [])];
  const meant = 'group' in target && !known.includes(target.group) ? closestWord(target.group, known) : undefined;
  return problem('not_found', 'No accepted robot is meant by that.', {
    hint: meant === undefined ? 'See fairlead robot list.' : `Did you mean the group ${meant}?`,
  });
}

const byName = (one: RobotRecord, other: RobotRecord): number => (one.robot < other.robot ? -1 : 1);
