/**
 * Compares what a robot should run with the digest that it reports in a check-in, and orders again what differs: a new
 * deployment, because an agent never retries one that has ended. Where an order must not be repeated, the difference is
 * only recorded, and `explain` names it with the reason.
 */
import type { Refusal } from '@fairlead/shared/failure';
import { withDegradation, withoutDegradation } from '@fairlead/shared/fleet/degradation';
import { isFulfilled } from '@fairlead/shared/fleet/deployment';
import { differenceOf, isConclusive, MAX_REPAIRS, repairsSoFar } from '@fairlead/shared/fleet/measured';
import { type RobotId, type RolloutId, sayRelease } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { Clock, Instant } from '@fairlead/shared/time';
import { hasChangedSince } from '../fleet/observed-at.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices, Store } from '../store/store.ts';
import { type AssignDeps, readRelease } from './deploy.ts';
import { judgeOrder } from './judge-order.ts';
import { placeOrder } from './place-order.ts';
import { ordersOfRelease, saveHealth } from './save-health.ts';
import { repairedOrder } from './undone-release.ts';

export interface RepairDeps extends Pick<AssignDeps, 'newId'> {
  readonly store: Store;
  readonly clock: Clock;
  /** Lets the engine look at a rollout one of whose robots does not run its release any more. */
  readonly poke: (rollout: RolloutId) => void;
  /** Whether the robot may change one more thing now: see change-limit.ts. */
  readonly mayChange: (robot: RobotId) => boolean;
}

const DIFFERS = 'runs_another_release';

/**
 * Called with every check-in and the orders of its robot, before its answer is made. Writes only where order and robot
 * differ, or agree again. Answers whether it wrote something.
 */
export async function repairDifferences(
  deps: RepairDeps,
  robot: RobotId,
  orders: readonly Deployment[],
  facts: RobotFacts,
): Promise<boolean> {
  if (!isConclusive(facts)) return false;
  let wrote = false;
  for (const { deployment } of orders.filter((each) => needsLook(each, facts))) {
    if (!(await needsWrite(deps, deployment, facts)) || !deps.mayChange(robot)) continue;
    await settle(deps, deployment, facts);
    wrote = true;
  }
  return wrote;
}

const needsLook = (order: Deployment, facts: RobotFacts): boolean =>
  isRecorded(order) || differenceOf(order, facts.components) !== undefined;

/** A difference that was recorded before; it ends when the robot reports the ordered digest again. */
const isRecorded = ({ degradedBy = [] }: Deployment): boolean => degradedBy.some(({ source }) => source === 'release');

/** Looked at without a transaction first: a difference that stays is reported with every check-in. */
async function needsWrite({ store, clock }: RepairDeps, id: Deployment['deployment'], facts: RobotFacts) {
  const order = await store.deployments.find(id);
  if (!order || (await hasChangedSince(store, order, facts, clock.now()))) return false;
  if (!differenceOf(order, facts.components) || (isFulfilled(order.state) && !isRecorded(order))) return true;
  return (await whyNotRepaired(store, order, facts, clock.now())) === undefined;
}

async function settle(deps: RepairDeps, id: Deployment['deployment'], facts: RobotFacts): Promise<void> {
  const now = deps.clock.now();
  const rollouts = await deps.store.transaction(async (slices): Promise<readonly RolloutId[]> => {
    const order = await slices.deployments.find(id);
    const { deployments } = order ? await slices.desired.of(order.robot) : { deployments: [] };
    if (!order || !deployments.some(({ deployment }) => deployment === id)) return [];
    if (await hasChangedSince(slices, order, facts, now)) return [];
    if (!differenceOf(order, facts.components)) return isRecorded(order) ? recover(slices, order, now) : [];
    const changed = await recordDifference(slices, order, facts, now);
    if (!(await whyNotRepaired(slices, order, facts, now))) await orderAgain(deps, slices, order, facts, now);
    return order.part ? [order.part.rollout, ...changed] : changed;
  });
  for (const rollout of new Set(rollouts)) deps.poke(rollout);
}

async function recover(slices: Slices, order: Deployment, at: Instant): Promise<readonly RolloutId[]> {
  const next = withoutDegradation(order, ({ source }) => source === 'release');
  return (await saveHealth(slices, order, next, at)).rollouts;
}

/**
 * A repair succeeded: the orders of its release are fulfilled again, and no failures of their rollouts any more. The one
 * that differed need not be the newest: a robot skips an order of what it has.
 */
export async function recordRepaired(slices: Slices, repair: Deployment, at: Instant): Promise<void> {
  if (repair.repairs === undefined || !isFulfilled(repair.state)) return;
  for (const order of await ordersOfRelease(slices, repair)) if (isRecorded(order)) await recover(slices, order, at);
}

/** The release was committed and is gone: its rollout counts that as a failure. */
async function recordDifference(
  slices: Slices,
  order: Deployment,
  facts: RobotFacts,
  at: Instant,
): Promise<readonly RolloutId[]> {
  const refusal: Refusal = {
    phase: 'assign',
    component: order.component,
    element: sayRelease(order),
    category: DIFFERS,
    detail: `${order.robot} ${reported(order, facts)} after it had committed ${sayRelease(order)}.`,
    retryable: true,
    hint: `See what happened on the robot: fairlead history --robot ${order.robot}`,
  };
  const next = withDegradation(order, { source: 'release', refusal });
  return (await saveHealth(slices, order, next, at)).rollouts;
}

async function orderAgain(
  deps: RepairDeps,
  slices: Slices,
  order: Deployment,
  facts: RobotFacts,
  now: Instant,
): Promise<void> {
  const release = await readRelease(slices, order.environment, order);
  if (!release) return;
  const { robot, component, kind, allowDowngrade } = order;
  const { part } = await repairedOrder(slices, order);
  const repairs = repairsSoFar(order, now) + 1;
  const placed = await placeOrder(slices, {
    deployment: deps.newId(),
    robot,
    release: release.published,
    kind,
    allowDowngrade,
    statement: { facts, at: facts.observedAt },
    by: 'control-plane',
    reason: `Repair ${repairs} of ${MAX_REPAIRS}: ${robot} ${reported(order, facts)}, ordered is ${sayRelease(order)}.`,
    now,
    repairs,
  });
  const member = part && (await slices.rollouts.member(part.rollout, robot));
  if (part && member) await slices.rollouts.place(part.rollout, member, placed.deployment);
  const detail = `${robot} is ordered ${sayRelease({ component, version: order.version })} again.`;
  const action = 'deployment.repair';
  await slices.audit.append({ at: now, by: 'control-plane', action, element: placed.deployment, detail });
}

/** Why a difference is not repaired; undefined where it is ordered again with the robot's next conclusive check-in. */
export async function whyNotRepaired(
  slices: Pick<Slices, 'robots' | 'rollouts' | 'releases' | 'metadata' | 'deployments'>,
  order: Deployment,
  facts: RobotFacts,
  now: Instant,
): Promise<Refusal | undefined> {
  const repeats = repairsSoFar(order, now);
  if (repeats >= MAX_REPAIRS) return givenUp(order, repeats);
  const { part } = await repairedOrder(slices, order);
  const rollout = part && (await slices.rollouts.find(part.rollout));
  if (rollout && (rollout.state !== 'completed' || rollout.followedBy !== undefined))
    return upToRollout(order, rollout);
  const robot = await slices.robots.find(order.robot);
  if (!robot) return undefined;
  const release = await readRelease(slices, robot.environment, order);
  const judged = judgeOrder({ robot, facts, wanted: order, release, allowDowngrade: order.allowDowngrade });
  if (!judged.ok) return judged.refused;
  return judged.value.manifestSha256 === order.manifestSha256 ? undefined : replaced(order);
}

const reported = ({ component }: Deployment, { components = [] }: RobotFacts): string => {
  const active = components.find((each) => each.component === component)?.active;
  return active
    ? `reported ${sayRelease({ component, version: active.version })} (${active.manifestSha256.slice(0, 12)})`
    : `reported no release of ${component}`;
};

const refuseRepair = (order: Deployment, category: string, detail: string, hint: string): Refusal => ({
  phase: 'assign',
  component: order.component,
  element: order.deployment,
  category,
  detail,
  retryable: false,
  hint,
});

const orderHint = (order: Deployment): string =>
  `fairlead deploy --robot ${order.robot} --release ${sayRelease(order)}`;

const givenUp = (order: Deployment, repairs: number): Refusal =>
  refuseRepair(
    order,
    'repairs_used_up',
    `It was ordered again ${repairs} times in a row and did not stay.`,
    `Find out what changes it on the robot (fairlead history --robot ${order.robot}), then: ${orderHint(order)}`,
  );

const upToRollout = (order: Deployment, { rollout, state, followedBy }: Rollout): Refusal =>
  refuseRepair(
    order,
    'up_to_rollout',
    followedBy === undefined ? `Its rollout ${rollout} is ${state}.` : `${followedBy} followed its rollout ${rollout}.`,
    hasEnded(state) || followedBy !== undefined
      ? `If it should run it again: ${orderHint(order)}`
      : `The rollout counts it as a failure: fairlead rollout show ${rollout}`,
  );

const replaced = (order: Deployment): Refusal =>
  refuseRepair(
    order,
    'mismatch',
    `${sayRelease(order)} in ${order.environment} is another release now.`,
    `Order what is meant: ${orderHint(order)}`,
  );
