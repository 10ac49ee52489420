/** Which orders of a robot are held, and why; and what it says of itself that the engine waits for. */
import type { Refusal } from '@fairlead/shared/failure';
import { DEPLOYMENT, mayBeHeld } from '@fairlead/shared/fleet/deployment';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { DeploymentId } from '@fairlead/shared/ids';
import { closedWindow, holdOf, mayOffer, windowFor } from '@fairlead/shared/rollout/hold';
import { type Instant, MINUTE } from '@fairlead/shared/time';
import { deadlineOf } from '../rollout/deadline.ts';
import type { FleetRules } from '../rollout/rollout-deps.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices, Store } from '../store/store.ts';

/** What of the robot's orders is told only in part, or not yet. */
export interface Held {
  readonly holds: ReadonlyMap<DeploymentId, Refusal>;
  /**
   * Not to be told at all yet: its rollout stands still, the agent is too old to be told half, or the order came while
   * this answer was being made and nobody asked its rollout.
   */
  readonly isWithheld: (deployment: Deployment) => boolean;
}

/** Every order waits for its robot's maintenance window; for those of rollouts the rollout is asked too, as of now. */
export async function heldOrders(
  { rollouts }: Slices,
  order: {
    readonly robot: RobotRecord;
    readonly deployments: readonly Deployment[];
    readonly rules: FleetRules;
    readonly understandsHolds: boolean;
    readonly now: Instant;
  },
): Promise<Held> {
  const { robot, rules, now } = order;
  const open = order.deployments.filter(({ state }) => mayBeHeld(state));
  const window = rules.windowOf(robot, now);
  const holds = new Map<DeploymentId, Refusal>();
  const tellable = new Set<DeploymentId>();
  for (const { deployment, component, kind, part, state, override } of open) {
    const rollout = part && (await rollouts.find(part.rollout));
    const word = windowFor({ kind, skips: override?.skips ?? [] }, window);
    const hold = rollout
      ? holdOf({ rollout, isGranted: part.grantedAt !== undefined, window: word })
      : closedWindow({ element: deployment, component, window: word });
    if (hold) holds.set(deployment, hold);
    const isNew = state === 'pending';
    const mayBeTold = rollout === undefined || mayOffer(rollout);
    if (!isNew || (mayBeTold && (!hold || order.understandsHolds))) tellable.add(deployment);
  }
  const isWithheld = ({ deployment, state }: Deployment) => DEPLOYMENT[state].withdrawable && !tellable.has(deployment);
  return { holds, isWithheld };
}

/** A robot that was let switch and does not, for a reason of its own, keeps the place of another one. */
const GRANT_UNUSED_MS = 1 * MINUTE;

/**
 * Writes down that a robot is ready to switch, or that it no longer is. Answers whether that is news for its rollout.
 * A grant is taken back only from a robot that says, long after, that it waits for something of its own; the answer to
 * that same check-in tells it so.
 */
export async function noteReadiness(
  store: Store,
  deployments: readonly Deployment[],
  said: { readonly activity: Activity; readonly understandsHolds: boolean },
  now: Instant,
): Promise<Deployment | undefined> {
  const { activity, understandsHolds } = said;
  const found = deployments.find(({ deployment, part, state }) => {
    if (!part || !DEPLOYMENT[state].withdrawable) return false;
    return understandsHolds ? deployment === activity.deployment : true;
  });
  if (!found?.part) return undefined;
  const change = readinessOf(found, activity, understandsHolds, now);
  if (!change) return undefined;
  return store.transaction(async (slices) => {
    const fresh = await slices.deployments.find(found.deployment);
    if (!fresh?.part || !DEPLOYMENT[fresh.state].withdrawable) return undefined;
    const again = readinessOf(fresh, activity, understandsHolds, now);
    if (!again) return undefined;
    const { readyAt: _ready, grantedAt: _granted, ...rest } = fresh.part;
    const part = { ...rest, deadline: deadlineOf(fresh.part, now) };
    if (again === 'unready') await slices.desired.raise(fresh.robot);
    const changed = { ...fresh, part: again === 'ready' ? { ...part, readyAt: now } : part };
    await slices.deployments.save(changed);
    return changed;
  });
}

function readinessOf(
  { part }: Deployment,
  activity: Activity,
  understandsHolds: boolean,
  now: Instant,
): 'ready' | 'unready' | undefined {
  if (!part) return undefined;
  // An agent that can't be held is offered nothing before its grant: it is as ready as it gets.
  const isReady = !understandsHolds || activity.ready === true;
  if (isReady && part.readyAt === undefined && part.grantedAt === undefined) return 'ready';
  const waitsForItself = understandsHolds && activity.state === 'waiting' && activity.ready !== true;
  if (!waitsForItself) return undefined;
  if (part.grantedAt !== undefined) return now - part.grantedAt > GRANT_UNUSED_MS ? 'unready' : undefined;
  return part.readyAt === undefined ? undefined : 'unready';
}
