/** A rollback that could move no robot, or would return robots to a release that they were rolled back from, is refused. */
import type { Refusal } from '@fairlead/shared/failure';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { type RobotId, sayRelease } from '@fairlead/shared/ids';
import type { RolloutSpec } from '@fairlead/shared/rollout/rollout-spec';
import { activeOf } from '../assign/judge-order.ts';
import { resolveTarget } from '../assign/resolve-target.ts';
import { chooseRelease } from '../assign/roll-back.ts';
import { problem } from '../http/problem.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { undoneOn } from './undoing.ts';

/** The first robot that can go back ends the search; where none can, a large fleet is not searched to its end. */
const MOST_SEARCHED = 500;

/** Throws `refused` with the first robot's reason. `abandoned`: needs `confirmAbandoned`, and names the robots. */
export async function needWayBack({ store, factsOf }: RolloutDeps, spec: RolloutSpec): Promise<void> {
  const { environment, target, component, version: toVersion, confirmAbandoned } = spec;
  const all = await resolveTarget(store, target, factsOf);
  const robots = all.filter((robot) => robot.environment === environment);
  let canMove = robots.length > MOST_SEARCHED;
  let first: Refusal | undefined;
  const left: Left[] = [];
  for (const robot of robots.slice(0, MOST_SEARCHED)) {
    const facts = factsOf(robot.robot);
    const undone = await undoneOn(store, { spec }, robot.robot);
    const chosen = await chooseRelease(store, robot, facts, {
      component,
      undone,
      confirmAbandoned,
      ...(toVersion !== undefined && { toVersion }),
    });
    if (!chosen.ok && chosen.refused.category === 'abandoned' && toVersion !== undefined) {
      left.push({ robot: robot.robot, refusal: chosen.refused });
    } else if (!chosen.ok) first ??= chosen.refused;
    // One that was let switch to what is undone may run it, or still come to it, whatever it reported last.
    else if (undone !== undefined) canMove = true;
    else if (activeOf(facts, component)?.manifestSha256 !== chosen.value.manifestSha256) canMove = true;
    else if (await isLeaving(store, robot.robot, chosen.value)) canMove = true;
    if (canMove && toVersion === undefined) return;
  }
  if (left.length > 0) throw unconfirmed(left, Math.min(robots.length, MOST_SEARCHED));
  if (canMove) return;
  throw affectsNobody(first, toVersion === undefined ? component : sayRelease({ component, version: toVersion }));
}

/** It reports this release still, and is ordered another one: it downloads, waits, or is in the middle of its switch. */
async function isLeaving(
  { desired }: RolloutDeps['store'],
  robot: RobotId,
  { component, manifestSha256 }: PublishedRelease,
): Promise<boolean> {
  const { deployments } = await desired.of(robot);
  const standing = deployments.find((order) => order.component === component);
  return standing !== undefined && !isTerminal(standing.state) && standing.manifestSha256 !== manifestSha256;
}

/** A robot that was rolled back from the named release. */
interface Left {
  readonly robot: RobotId;
  readonly refusal: Refusal;
}
const NAMED = 5;

/** Names the robots: a record may come from the report of one robot alone, and a person must see how many there are. */
function unconfirmed(left: readonly Left[], of: number) {
  const [example] = left;
  if (!example) throw new Error('nobody has left it');
  const names = left.slice(0, NAMED).map(({ robot }) => robot);
  const were = left.length === 1 ? 'was' : 'were';
  const robots = `${left.length} of ${of === 1 ? '1 robot' : `${of} robots`} ${were} rolled back from ${example.refusal.element}: ${names.join(', ')}${left.length > NAMED ? ', …' : ''}.`;
  const detail = `${robots} ${example.refusal.detail}`.slice(0, 1900);
  const hint = 'Choose another version, or confirm this one: --yes (confirmAbandoned in the API).';
  return problem('refused', detail, { hint, refusal: { ...example.refusal, detail, hint } });
}

const affectsNobody = (refusal: Refusal | undefined, what: string) =>
  problem(
    'refused',
    `This rollback affects no robot. ${refusal?.detail ?? `Every robot of the target runs ${what} already.`}`,
    {
      hint: refusal?.hint ?? 'Nothing to do. See fairlead robot list.',
      ...(refusal && { refusal }),
    },
  );
