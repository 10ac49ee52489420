/**
 * A robot runs, or reports that it has committed, a release that is undone: it was out of reach when the others went
 * back. It is ordered back at once, by itself, in the transaction that noticed.
 */
import { DEPLOYMENT, isFulfilled } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { DeploymentId, RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import { activeOf } from '../assign/judge-order.ts';
import { placeOrder } from '../assign/place-order.ts';
import { chooseRelease } from '../assign/roll-back.ts';
import { repairedOrder, undoingOf } from '../assign/undone-release.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices } from '../store/store.ts';

export interface OrderBackDeps {
  readonly newId: () => DeploymentId;
  /** What a robot reported last. */
  readonly factsOf: (robot: RobotId) => RobotFacts;
}

/** `undone`: the order of the release that the robot runs, or its repair. Answers the order to go back, where one was placed. */
export async function orderBack(
  { newId }: Pick<OrderBackDeps, 'newId'>,
  slices: Slices,
  undone: Deployment,
  facts: RobotFacts,
  now: Instant,
): Promise<Deployment | undefined> {
  const undoing = await undoingOfOrder(slices, undone);
  if (!undoing) return undefined;
  const { component, manifestSha256, robot: name } = undone;
  const standing = (await slices.desired.of(name)).deployments.find((order) => order.component === component);
  // Another order will take it elsewhere, or a person has ordered this release again since.
  const isOrderedElsewhere = standing && standing.manifestSha256 !== manifestSha256 && !isTerminal(standing.state);
  const isOrderedAgain = standing?.manifestSha256 === manifestSha256 && standing.deployment !== undone.deployment;
  if (isOrderedElsewhere || isOrderedAgain) return undefined;
  const robot = await slices.robots.find(name);
  const { version: toVersion } = undoing.spec;
  const chosen =
    robot &&
    (await chooseRelease(slices, robot, facts, {
      component,
      undone: manifestSha256,
      ...(toVersion !== undefined && { toVersion }),
    }));
  if (!chosen?.ok) return undefined;
  return placeOrder(slices, {
    deployment: newId(),
    robot: name,
    release: chosen.value,
    kind: 'rollback',
    allowDowngrade: true,
    // What it runs is known: the release that is undone.
    statement: { facts, at: undefined },
    by: 'control-plane',
    reason: `${name} runs ${component}@${undone.version}, which ${undoing.rollout} undoes.`,
    now,
  });
}

/** The rollback that undoes this order; undefined where there is none, or the robot had the release before the order. */
export async function undoingOfOrder(
  slices: Pick<Slices, 'deployments' | 'rollouts'>,
  order: Deployment,
): Promise<Rollout | undefined> {
  const { part, state } = await repairedOrder(slices, order);
  const rollout = part && state !== 'skipped' ? await slices.rollouts.find(part.rollout) : undefined;
  return rollout && undoingOf(slices, rollout);
}

/**
 * Orders a readmitted robot back from what was undone while it was quarantined: the undoing left it out. In the caller's
 * transaction.
 */
export async function orderBackAfterReadmission(
  deps: OrderBackDeps,
  slices: Slices,
  robot: RobotId,
  now: Instant,
): Promise<void> {
  const { deployments } = await slices.desired.of(robot);
  const facts = deps.factsOf(robot);
  for (const deployment of deployments) {
    if (isFulfilled(deployment.state)) await orderBack(deps, slices, deployment, facts, now);
  }
}

/**
 * The order of a release that the robot reports to run and that nothing asks of it any more: the server gave that order up
 * and the robot carried it out all the same, or the order to leave the release gave way to a later one, which ended elsewhere.
 */
export async function leftBehind(
  { deployments }: Pick<Slices, 'deployments'>,
  orders: readonly Deployment[],
  facts: RobotFacts,
): Promise<Deployment | undefined> {
  for (const order of orders.filter(mayBeLeftBehind)) {
    const { robot, component } = order;
    const active = activeOf(facts, component)?.manifestSha256;
    if (active === undefined) continue;
    const past =
      order.manifestSha256 === active ? [order] : await deployments.list({ robot, component }, { limit: PAST });
    const brought = past.find(({ manifestSha256 }) => manifestSha256 === active);
    if (brought) return brought;
  }
  return undefined;
}

const PAST = 50;

/** A way back that failed on the robot is not begun again without a person. */
const mayBeLeftBehind = ({ kind, state }: Deployment): boolean => {
  if (!isTerminal(state) || isFulfilled(state)) return false;
  return kind !== 'rollback' || DEPLOYMENT[state].rank < DEPLOYMENT.succeeded.rank;
};
