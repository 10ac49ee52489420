/**
 * Robots of the stage get their orders: they download, stage and test. In small transactions, because on SQLite every
 * check-in waits for the one that runs.
 */
import { type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ReleaseRef, RobotId } from '@fairlead/shared/ids';
import { timeoutOf } from '@fairlead/shared/rollout/plan-next-step';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { type Instant, SECOND } from '@fairlead/shared/time';
import { readRelease } from '../assign/deploy.ts';
import { judgeOrder } from '../assign/judge-order.ts';
import { type Order, placeOrder, recordPassedOver } from '../assign/place-order.ts';
import { chooseRelease } from '../assign/roll-back.ts';
import type { Deployment, Override } from '../store/deployments.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Member } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout } from './change-rollout.ts';
import { isKept, newerOrder, nextFree, nobodyFree, type Others } from './next-free.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import type { Taken } from './taken.ts';
import { undoneOn } from './undoing.ts';

/** Of one transaction: two milliseconds each, in which nobody else is answered. */
const PIECE = 10;
/** A look in vain is not repeated at once: after so long, and longer the more robots it looked at. */
const PAUSE = 5 * SECOND;
const PAUSE_PER_ROBOT = 2;

/** `progress` where robots were placed or left out; else all are kept by other orders for now. */
export async function admit(deps: RolloutDeps, rollout: Rollout, atMost: number, now: Instant): Promise<Taken> {
  const keptBefore = now - timeoutOf(rollout.spec.stages[rollout.stage] ?? { upTo: { percent: 100 } });
  const isLongAtWork = (rollout.stages[rollout.stage]?.startedAt ?? now) < keptBefore;
  const { members, looked, keepers, keptTooLong } = await nextFree(
    deps.store,
    rollout,
    Math.min(atMost, PIECE),
    isLongAtWork ? keptBefore : undefined,
  );
  if (members.length > 0 && (await admitAll(deps, rollout, members, now)) > 0) return 'progress';
  if (keptTooLong.length > 0 && (await passOver(deps, rollout, keptTooLong, now)) > 0) return 'progress';
  return { why: nobodyFree(rollout, keepers), inVainUntil: now + PAUSE + looked * PAUSE_PER_ROBOT };
}

async function admitAll(
  deps: RolloutDeps,
  rollout: Rollout,
  members: readonly Member[],
  now: Instant,
): Promise<number> {
  const { done, told } = await deps.store.transaction(async (slices) => {
    const told: RobotId[] = [];
    let done = 0;
    const leftOut = new Map<number, number>();
    const others: Others = new Map();
    for (const member of members) {
      const ended = await admitOne(deps, slices, { rollout, member, others, now });
      if (ended === 'kept') continue;
      done += 1;
      if (ended === 'ordered') told.push(member.robot);
      else leftOut.set(member.stage ?? rollout.stage, (leftOut.get(member.stage ?? rollout.stage) ?? 0) + 1);
    }
    if (done > 0) await changeRollout(slices, rollout, afterAdmission(rollout, done, leftOut), now);
    return { done, told };
  });
  deps.wake(told);
  return done;
}

/** A robot that is left out after its stage began is not waited for: its cohort is one smaller. */
function afterAdmission(
  { stage, stages, members, excluded }: Rollout,
  done: number,
  leftOut: ReadonlyMap<number, number>,
): Partial<Rollout> {
  const gone = [...leftOut.values()].reduce((sum, robots) => sum + robots, 0);
  return {
    members: members - gone,
    excluded: excluded + gone,
    stages: stages.map((progress, index) => ({
      ...progress,
      size: progress.size - (leftOut.get(index) ?? 0),
      ...(index === stage && { batchLeft: Math.max(0, progress.batchLeft - done) }),
    })),
  };
}

interface Turn {
  readonly rollout: Rollout;
  readonly member: Member;
  readonly others: Others;
  readonly now: Instant;
}

async function admitOne(deps: RolloutDeps, slices: Slices, turn: Turn): Promise<'ordered' | 'left-out' | 'kept'> {
  const { rollout, member, others } = turn;
  const robot = await slices.robots.find(member.robot);
  const chosen = robot ? await releaseFor(deps, slices, rollout, robot) : refuse(gone(rollout, member.robot));
  if (!robot || !chosen.ok) {
    const why = chosen.ok ? gone(rollout, member.robot) : chosen.refused;
    await slices.rollouts.exclude(rollout.rollout, member, why);
    return 'left-out';
  }
  if (await isKept(slices, rollout, robot.robot, others)) return 'kept';
  const newer = await newerOrder(slices, rollout, robot.robot, others);
  if (newer && newer.manifestSha256 !== chosen.value.manifestSha256) {
    await slices.rollouts.exclude(rollout.rollout, member, takenByNewer(rollout, newer));
    return 'left-out';
  }
  const placed = await placeOrder(slices, await orderOf(deps, slices, turn, chosen.value));
  await slices.rollouts.place(rollout.rollout, member, placed.deployment);
  return 'ordered';
}

/** The order of this robot in its stage. */
async function orderOf(deps: RolloutDeps, slices: Slices, turn: Turn, release: PublishedRelease): Promise<Order> {
  const { rollout, member, now } = turn;
  const { spec } = rollout;
  const stage = member.stage ?? rollout.stage;
  const override = overrideOf(rollout);
  const probationSec = await probationOf(slices, release);
  const timeout = timeoutOf(
    spec.stages[Math.min(stage, spec.stages.length - 1)] ?? { upTo: { percent: 100 } },
    probationSec,
  );
  return {
    deployment: deps.newId(),
    robot: member.robot,
    release,
    kind: spec.kind,
    allowDowngrade: spec.kind === 'rollback' || (spec.allowDowngrade ?? false),
    statement: deps.statementOf(member.robot),
    by: rollout.createdBy,
    reason: spec.reason ?? spec.emergency?.reason,
    now,
    part: { rollout: rollout.rollout, stage, rank: member.rank, deadline: now + timeout },
    ...(override && { override }),
  };
}

/**
 * One robot that never gets free holds up no other: it counts as timed out, and as neither success nor failure, when
 * another order has kept it for as long as a robot of its stage may take.
 */
async function passOver(
  deps: RolloutDeps,
  rollout: Rollout,
  members: readonly Member[],
  now: Instant,
): Promise<number> {
  return deps.store.transaction(async (slices) => {
    const others: Others = new Map();
    let done = 0;
    for (const member of members) {
      const robot = await slices.robots.find(member.robot);
      const chosen = robot && (await releaseFor(deps, slices, rollout, robot));
      // A robot that is free meanwhile, or can't take it any more, is decided at its next turn.
      if (!chosen?.ok || !(await isKept(slices, rollout, member.robot, others))) continue;
      const order = await orderOf(deps, slices, { rollout, member, others, now }, chosen.value);
      const made = await recordPassedOver(slices, order, keptUntilTimeOut(rollout, member.robot));
      await slices.rollouts.place(rollout.rollout, member, made.deployment);
      done += 1;
    }
    if (done > 0) await changeRollout(slices, rollout, afterAdmission(rollout, done, new Map()), now);
    return done;
  });
}

const keptUntilTimeOut = ({ rollout, spec }: Rollout, robot: RobotId): Refusal => ({
  phase: 'assign',
  component: spec.component,
  element: rollout,
  category: 'kept_by_others',
  detail: `Another order of ${spec.component} kept ${robot} until its time in this rollout ran out.`,
  retryable: true,
  hint: `See what keeps it (fairlead explain ${robot}), then fairlead rollout retry ${rollout}.`,
});

/** Asked again for each robot: it may have been quarantined, decommissioned or updated by hand since the start. */
async function releaseFor(
  deps: RolloutDeps,
  slices: Slices,
  rollout: Rollout,
  robot: RobotRecord,
): Promise<Result<PublishedRelease>> {
  const { spec } = rollout;
  const facts = deps.factsOf(robot.robot);
  const { component, version, kind } = spec;
  if (kind === 'rollback') {
    const to = version === undefined ? {} : { toVersion: version };
    const undone = await undoneOn(slices, rollout, robot.robot);
    return chooseRelease(slices, robot, facts, {
      component,
      undone,
      confirmAbandoned: spec.confirmAbandoned,
      ...to,
    });
  }
  if (version === undefined) throw new Error('only a rollback goes without a version');
  const wanted: ReleaseRef = { component, version };
  const release = await readRelease(slices, robot.environment, wanted);
  return judgeOrder({ robot, facts, wanted, release, allowDowngrade: spec.allowDowngrade ?? false });
}

async function probationOf(slices: Slices, { environment, component, version }: PublishedRelease): Promise<number> {
  const release = await readRelease(slices, environment, { component, version });
  return release?.manifest.probation?.seconds ?? 0;
}

function overrideOf({ spec: { emergency }, createdBy }: Rollout): Override | undefined {
  if (!emergency) return undefined;
  const skips = emergency.skips.filter((skip) => skip !== 'approval' && skip !== 'limits');
  return skips.length === 0 ? undefined : { by: createdBy, reason: emergency.reason, skips };
}

const takenByNewer = ({ rollout, spec }: Rollout, newer: Deployment): Refusal => ({
  phase: 'assign',
  component: spec.component,
  element: rollout,
  category: 'taken_by_newer',
  detail: `A newer order, ${newer.part?.rollout ?? newer.deployment}, has brought ${newer.robot} to ${spec.component}@${newer.version}.`,
  retryable: false,
  hint: 'Nothing to do. Create a new rollout if this release is wanted there after all.',
});

const gone = ({ rollout, spec }: Rollout, robot: RobotId): Refusal => ({
  phase: 'assign',
  component: spec.component,
  element: rollout,
  category: 'gone',
  detail: `${robot} does not belong to the fleet any more.`,
  retryable: false,
  hint: 'Nothing to do.',
});
