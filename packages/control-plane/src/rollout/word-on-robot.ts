/** What each running rollout says of one robot, by the same looks that decide about it. */
import { choosing } from '@fairlead/shared/fleet/choose-robots';
import type { RolloutWord } from '@fairlead/shared/fleet/explain-facts';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { closedWindow, holdOf, windowFor } from '@fairlead/shared/rollout/hold';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { labelled } from '../fleet/labelled.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotRecord } from '../store/robots.ts';
import { factsOf, type ReadFacts } from './read-facts.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { type Blocked, whyBlocked } from './view-rollout.ts';

export async function wordsOnRobot(deps: RolloutDeps, robot: RobotRecord): Promise<readonly RolloutWord[]> {
  const words: RolloutWord[] = [];
  for (const id of await deps.store.rollouts.ofRobot(robot.robot)) {
    const rollout = await deps.store.rollouts.find(id);
    const word = rollout && (await wordOn(deps, rollout, robot));
    if (word) words.push(word);
  }
  for (const rollout of await notBegun(deps, robot)) {
    const blocked = await whyBlocked(deps, await factsOf(deps, deps.store, rollout, deps.clock.now()));
    const { component } = rollout.spec;
    if (blocked) words.push({ rollout: rollout.rollout, component, is: 'turn', why: blocked.why });
  }
  return [...words, ...(await leftOutBefore(deps, robot, words))];
}

/** Rollouts that ended without this robot: said until something newer of the component is meant for it. */
async function leftOutBefore(
  { store }: RolloutDeps,
  { robot }: RobotRecord,
  words: readonly RolloutWord[],
): Promise<readonly RolloutWord[]> {
  const found: RolloutWord[] = [];
  const { deployments } = await store.desired.of(robot);
  for (const id of await store.rollouts.leftOutOf(robot)) {
    const rollout = await store.rollouts.find(id);
    const why = (await store.rollouts.member(id, robot))?.excluded;
    if (!rollout || !why || rollout.followedBy !== undefined) continue;
    const { component } = rollout.spec;
    if ([...words, ...found].some((word) => word.component === component)) continue;
    if (deployments.some((order) => order.component === component && order.createdAt >= rollout.createdAt)) continue;
    found.push({ rollout: id, component, is: 'left-out', why });
  }
  return found;
}

/** Who takes part is fixed at the start; before it, whoever is meant at this moment is told what it waits for. */
async function notBegun({ store, factsOf }: RolloutDeps, robot: RobotRecord): Promise<readonly Rollout[]> {
  if (robot.lifecycle !== 'accepted') return [];
  const waiting = (await store.rollouts.active()).filter(
    ({ startedAt, spec }) => startedAt === undefined && spec.environment === robot.environment,
  );
  if (waiting.length === 0) return [];
  const { groups } = await store.rules.all();
  return waiting.filter(({ spec: { target } }) => {
    if ('updatedBy' in target) return false;
    const chooses = choosing(target, groups);
    return chooses.ok && chooses.value(labelled(robot, factsOf(robot.robot)));
  });
}

/** Undefined where the rollout has nothing more to say: it is up to the robot, or done with it. */
async function wordOn(deps: RolloutDeps, rollout: Rollout, robot: RobotRecord): Promise<RolloutWord | undefined> {
  const { store, clock } = deps;
  const about = { rollout: rollout.rollout, component: rollout.spec.component };
  const member = await store.rollouts.member(rollout.rollout, robot.robot);
  if (!member) return undefined;
  if (member.excluded) return { ...about, is: 'left-out', why: member.excluded };
  const facts = await factsOf(deps, store, rollout, clock.now());
  if (member.deployment === undefined) {
    const blocked = await whyBlocked(deps, facts);
    return blocked && { ...about, is: 'turn', why: blocked.why };
  }
  const deployment = await store.deployments.find(member.deployment);
  if (!deployment || isTerminal(deployment.state)) return undefined;
  const held = await whyHeld(deps, facts, deployment, robot);
  return held && { ...about, is: 'held', why: held.why };
}

/** First what would hold it even with a grant, then what keeps the grant from it. */
async function whyHeld(
  deps: RolloutDeps,
  facts: ReadFacts,
  { kind, part, override }: Deployment,
  robot: RobotRecord,
): Promise<Blocked | undefined> {
  const { rollout, now } = facts;
  const rules = deps.rules();
  const window = windowFor({ kind, skips: override?.skips ?? [] }, rules.windowOf(robot, now));
  const isGranted = part?.grantedAt !== undefined;
  const hold = holdOf({ rollout, isGranted, window });
  // The engine names the counts of now; what was recorded when the rollout stopped may be old.
  if (hold && (rollout.state === 'paused' || rollout.state === 'halted')) {
    return (await whyBlocked(deps, facts)) ?? { why: hold };
  }
  if (!hold || hold.category !== 'awaits_grant') return hold && { why: hold };
  // Not ready yet: what it does or waits for now is the robot's own story.
  if (part?.readyAt === undefined) return undefined;
  const closed = closedWindow({ element: rollout.rollout, component: rollout.spec.component, window });
  if (closed) return { why: closed };
  const busy = await deps.store.robots.named(await deps.store.rollouts.inBudget());
  const full = rules.pick([robot], busy).refused.get(robot.robot);
  if (full && !rollout.spec.emergency?.skips.includes('limits')) return { why: full };
  return (await whyBlocked(deps, facts)) ?? { why: hold };
}
