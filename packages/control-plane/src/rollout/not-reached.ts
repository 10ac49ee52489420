/** Robots that an undoing has not brought back: they may still run what is undone, and people must know which. */
import type { RolloutView } from '@fairlead/shared/api/rollout-api';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Static } from 'typebox';
import { undoneBy } from '../assign/undone-release.ts';
import { stillRunning } from '../assign/updated-by.ts';
import type { Slices } from '../store/store.ts';
import type { RolloutDeps } from './rollout-deps.ts';

type NotReached = NonNullable<Static<typeof RolloutView>['notReached']>;
const NAMED = 20;

/** Undefined where it undoes no rollout, has not started, or every robot is back or on its way. */
export async function notReached(
  deps: Pick<RolloutDeps, 'factsOf' | 'store'>,
  undoing: Rollout,
): Promise<NotReached | undefined> {
  const { store, factsOf } = deps;
  const undone = undoneBy(undoing);
  if (undone === undefined || undoing.startedAt === undefined) return undefined;
  const left: NotReached['robots'][number][] = [];
  for (const robot of await stillRunning(store, undone, factsOf)) {
    const why = await whyLeft(store, undoing, robot);
    if (why !== undefined) left.push({ robot, why });
  }
  return left.length === 0 ? undefined : { count: left.length, robots: left.slice(0, NAMED) };
}

/** Undefined where the undoing still works on it. */
async function whyLeft(slices: Slices, undoing: Rollout, robot: RobotId): Promise<string | undefined> {
  const member = await slices.rollouts.member(undoing.rollout, robot);
  if (!member) return 'It is ordered back as soon as it reports what it runs.';
  if (member.excluded) return member.excluded.detail;
  const deployment = member.deployment && (await slices.deployments.find(member.deployment));
  if (!deployment || !isTerminal(deployment.state)) return undefined;
  if (deployment.state === 'timed-out') return 'It did not answer in time; its order stands and waits for its return.';
  return deployment.refusal?.detail ?? `Its order to go back is ${deployment.state}.`;
}
