/**
 * Ready robots are let switch, as far as windows, budgets and limits allow. What the engine may not grant is found by
 * the same look that says why: `look` decides, `grant` writes down.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { RobotId } from '@fairlead/shared/ids';
import { closedWindow, windowFor } from '@fairlead/shared/rollout/hold';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import type { Deployment } from '../store/deployments.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout } from './change-rollout.ts';
import { deadlineOf } from './deadline.ts';
import type { RolloutDeps } from './rollout-deps.ts';

/** Of one transaction, in which nobody else is answered. */
const PIECE = 20;
const PAGE = 200;

export interface Look {
  readonly granted: readonly Deployment[];
  /** The first robot that may not, with the reason, and when that changes by itself. */
  readonly refused?: { readonly robot: RobotId; readonly why: Refusal; readonly until?: Instant };
}

/** Answers how many were granted; where none, why. */
export async function grant(
  deps: RolloutDeps,
  rollout: Rollout,
  atMost: number,
  now: Instant,
): Promise<Pick<Look, 'refused'> & { readonly robots: readonly RobotId[] }> {
  const found = await deps.store.transaction(async (slices) => {
    await slices.rollouts.lockBudgets();
    const look = await lookForGrants(deps, slices, rollout, Math.min(atMost, PIECE), now);
    if (look.granted.length === 0) return look;
    await changeRollout(slices, rollout, {}, now);
    for (const deployment of look.granted) {
      await slices.desired.raise(deployment.robot);
      if (deployment.part)
        await slices.deployments.save({
          ...deployment,
          part: { ...deployment.part, grantedAt: now, deadline: deadlineOf(deployment.part, now) },
        });
    }
    return look;
  });
  const robots = found.granted.map(({ robot }) => robot);
  deps.wake(robots);
  return { robots, ...(found.refused && { refused: found.refused }) };
}

/** Which of the ready robots may switch now. Reads only. */
export async function lookForGrants(
  deps: Pick<RolloutDeps, 'rules'>,
  slices: Slices,
  rollout: Rollout,
  atMost: number,
  now: Instant,
): Promise<Look> {
  const skips: readonly string[] = rollout.spec.emergency?.skips ?? [];
  const rules = deps.rules();
  const granted: Deployment[] = [];
  let refused: Look['refused'];
  const busy = await recordsOf(slices, await slices.rollouts.inBudget());
  for (let after: number | undefined; granted.length < atMost; ) {
    const page = await slices.rollouts.awaitingGrant(rollout.rollout, { after, limit: PAGE });
    const records = new Map(
      (
        await recordsOf(
          slices,
          page.map(({ robot }) => robot),
        )
      ).map((one) => [one.robot, one]),
    );
    const open: RobotRecord[] = [];
    for (const { robot } of page) {
      const record = records.get(robot);
      const { kind } = rollout.spec;
      const window = record ? windowFor({ kind, skips }, rules.windowOf(record, now)) : ({ open: true } as const);
      const why = closedWindow({ element: rollout.rollout, component: rollout.spec.component, window });
      if (record && !why) open.push(record);
      if (why) refused = sooner(refused, { robot, why, ...(!window.open && { until: window.opensAt }) });
    }
    const picked = skips.includes('limits') ? open.map(({ robot }) => robot) : rules.pick(open, busy).picked;
    const chosen = picked.slice(0, atMost - granted.length);
    for (const robot of chosen) {
      const record = records.get(robot);
      const deployment = page.find((each) => each.robot === robot);
      if (!record || !deployment) continue;
      busy.push(record);
      granted.push(deployment);
    }
    const left = open.find(({ robot }) => !chosen.includes(robot));
    if (left && granted.length < atMost) {
      const why = rules.pick([left], busy).refused.get(left.robot);
      if (why) refused ??= { robot: left.robot, why };
    }
    after = page.at(-1)?.part?.rank;
    if (page.length < PAGE) break;
  }
  return { granted, ...(refused && { refused }) };
}

type RefusedRobot = NonNullable<Look['refused']>;

/** What changes first is what is told. */
const sooner = (one: RefusedRobot | undefined, other: RefusedRobot): RefusedRobot =>
  one && (one.until ?? Infinity) <= (other.until ?? Infinity) ? one : other;

async function recordsOf({ robots }: Slices, names: readonly RobotId[]): Promise<RobotRecord[]> {
  return names.length === 0 ? [] : [...(await robots.named(names))];
}
