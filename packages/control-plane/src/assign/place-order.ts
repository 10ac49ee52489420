/** One robot is given one release: its deployment, and its desired state, in the caller's transaction. */
import type { Refusal } from '@fairlead/shared/failure';
import { countedState, withFindings } from '@fairlead/shared/fleet/degradation';
import { afterCancel, DEPLOYMENT, isCommitted } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { DeploymentId, RobotId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment, Override, RolloutPart } from '../store/deployments.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { Member } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';
import { recordLeft } from './abandon.ts';
import { runsAlready, type Statement } from './runs-already.ts';

export interface Order {
  readonly deployment: DeploymentId;
  readonly robot: RobotId;
  readonly release: PublishedRelease;
  readonly kind: Deployment['kind'];
  readonly allowDowngrade: boolean;
  readonly statement: Statement;
  readonly by: string;
  readonly reason: string | undefined;
  readonly now: Instant;
  /** Its place in the rollout that orders it. */
  readonly part?: RolloutPart;
  readonly override?: Override | undefined;
  /** Set where it repairs a difference: how many such orders in a row, this one included. */
  readonly repairs?: number;
}

/**
 * Answers the deployment that now stands: a new one, or the unfinished one where the same order was given
 * before (asking twice is as good as once). An unfinished deployment to another release is superseded.
 */
export async function placeOrder(slices: Slices, order: Order): Promise<Deployment> {
  const { desired, deployments } = slices;
  const { robot, release, now, by } = order;
  const standing = (await desired.of(robot)).deployments.find(({ component }) => component === release.component);
  const unfinished = standing && !isTerminal(standing.state) ? standing : undefined;
  if (unfinished?.manifestSha256 === release.manifestSha256 && isSameOrder(unfinished, order)) return unfinished;

  const installed = await runsAlready(slices, robot, release, order.statement);
  if (unfinished) await supersede(slices, unfinished, order);
  const made = withHealthOf(newDeployment(order, installed), standing);
  await deployments.save(made, {
    at: now,
    state: countedState(made),
    by,
    ...(made.refusal && { refusal: made.refusal }),
  });
  if (made.kind === 'rollback' && !installed) await recordLeft(slices, made, standing, order.statement);
  // Skipped beside an older success of the same release: nothing changes in what the robot is told.
  if (installed && standing && isCommitted(standing.state) && standing.manifestSha256 === release.manifestSha256)
    return made;
  await desired.raise(robot);
  await desired.set(robot, release.component, made.deployment);
  return made;
}

/** The release that the robot has is as healthy, or not, under its new order as under the one before. */
const withHealthOf = (made: Deployment, standing: Deployment | undefined): Deployment =>
  made.state === 'skipped' && standing?.manifestSha256 === made.manifestSha256 && standing.degradedBy
    ? withFindings(made, standing.degradedBy)
    : made;

/** An order of a rollout is another order than a direct one: it is held, and counted. */
const isSameOrder = ({ part, state }: Deployment, order: Order): boolean =>
  part?.rollout === order.part?.rollout || (order.part === undefined && !DEPLOYMENT[state].withdrawable);

function newDeployment(order: Order, installed: boolean): Deployment {
  const { release, now } = order;
  return {
    deployment: order.deployment,
    robot: order.robot,
    environment: release.environment,
    component: release.component,
    version: release.version,
    target: release.target,
    manifestSha256: release.manifestSha256,
    manifestLength: release.manifestLength,
    kind: order.kind,
    allowDowngrade: order.allowDowngrade,
    createdAt: now,
    createdBy: order.by,
    ...(order.reason !== undefined && { reason: order.reason }),
    ...(order.part && { part: order.part }),
    ...(order.override && { override: order.override }),
    ...(order.repairs !== undefined && { repairs: order.repairs }),
    ...(installed ? { state: 'skipped', endedAt: now, refusal: alreadyInstalled(release) } : { state: 'pending' }),
  };
}

/** A robot that has begun to switch finishes first; its verdict will come, and the new order after it. */
async function supersede(slices: Slices, old: Deployment, order: Order): Promise<void> {
  const { now, deployment } = order;
  const state = afterCancel(old.state);
  if (state === old.state) return;
  const refusal: Refusal = {
    phase: 'assign',
    component: old.component,
    element: old.deployment,
    category: 'superseded',
    detail: `A newer order, ${deployment}, took its place.`,
    retryable: false,
    hint: 'Nothing: follow the newer one.',
  };
  const { part, ...rest } = old;
  const waits = part && (await waitsForItsTurn(slices, old, order));
  const kept = waits ? withoutStage(part) : part;
  await slices.deployments.save(
    { ...rest, state, endedAt: now, refusal, ...(kept && { part: kept }) },
    { at: now, state, by: 'control-plane', refusal },
  );
  if (part && waits) await slices.rollouts.place(part.rollout, waits, undefined);
}

/** No longer counted in its stage. */
const withoutStage = ({ stage: _counted, ...history }: RolloutPart): RolloutPart => history;

/**
 * A rollout that goes on does not lose a robot that another order takes first: its turn comes again when that order has
 * ended. Undefined where the rollout has ended, or is undone: then the robot is not waited for.
 */
async function waitsForItsTurn({ rollouts }: Slices, old: Deployment, order: Order): Promise<Member | undefined> {
  const id = old.part?.rollout;
  if (id === undefined || id === order.part?.rollout) return undefined;
  const rollout = await rollouts.find(id);
  if (!rollout || hasEnded(rollout.state) || rollout.followedBy !== undefined) return undefined;
  const member = await rollouts.member(id, old.robot);
  return member?.deployment === old.deployment ? member : undefined;
}

/**
 * Records that a rollout passed a robot over because another order kept it until its time ran out. The robot is told
 * nothing, and `retry` orders it again.
 */
export async function recordPassedOver({ deployments }: Slices, order: Order, refusal: Refusal): Promise<Deployment> {
  const state = 'timed-out';
  const made: Deployment = { ...newDeployment(order, false), state, endedAt: order.now, refusal };
  await deployments.save(made, { at: order.now, state, by: 'control-plane', refusal });
  return made;
}

const alreadyInstalled = ({ component, version }: PublishedRelease): Refusal => ({
  phase: 'assign',
  component,
  element: `${component}@${version}`,
  category: 'already_installed',
  detail: 'The robot runs exactly this release already.',
  retryable: false,
  hint: 'Nothing: it is where it should be.',
});
