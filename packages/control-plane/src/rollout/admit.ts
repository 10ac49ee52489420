/**
 * Robots of the stage get their orders: they download, stage and test. In small transactions, because on SQLite every
 * check-in waits for the one that runs.
 */
import { type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { ReleaseRef, RobotId, RolloutId } from '@fairlead/shared/ids';
import { timeoutOf } from '@fairlead/shared/rollout/plan-next-step';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import { readRelease } from '../assign/deploy.ts';
import { activeOf, judgeOrder } from '../assign/judge-order.ts';
import { placeOrder } from '../assign/place-order.ts';
import { chooseRelease } from '../assign/roll-back.ts';
import type { Deployment, Override } from '../store/deployments.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Member } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout } from './change-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

const PIECE = 40;
/** How many robots that other orders keep are passed over before it is said that nothing can be given. */
const LOOK_AHEAD = 200;

/** Answers how many robots it placed or left out; 0 where all are kept by other orders for now. */
export async function admit(deps: RolloutDeps, rollout: Rollout, atMost: number, now: Instant): Promise<number> {
  const limit = Math.min(atMost, PIECE);
  const { done, told } = await deps.store.transaction(async (slices) => {
    const told: RobotId[] = [];
    let done = 0;
    const leftOut = new Map<number, number>();
    const others: Others = new Map();
    for (const member of await slices.rollouts.unplaced(rollout.rollout, LOOK_AHEAD)) {
      if (done >= limit) break;
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

async function admitOne(
  deps: RolloutDeps,
  slices: Slices,
  turn: { readonly rollout: Rollout; readonly member: Member; readonly others: Others; readonly now: Instant },
): Promise<'ordered' | 'left-out' | 'kept'> {
  const { rollout, member, others, now } = turn;
  const { spec } = rollout;
  const robot = await slices.robots.find(member.robot);
  const chosen = robot ? await releaseFor(deps, slices, rollout, robot) : refuse(gone(rollout, member.robot));
  if (!robot || !chosen.ok) {
    const why = chosen.ok ? gone(rollout, member.robot) : chosen.refused;
    await slices.rollouts.exclude(rollout.rollout, member, why);
    return 'left-out';
  }
  if (await isKept(slices, rollout, robot.robot, others)) return 'kept';
  const stage = member.stage ?? rollout.stage;
  const override = overrideOf(rollout);
  const timeout = timeoutOf(spec.stages[Math.min(stage, spec.stages.length - 1)] ?? { upTo: { percent: 100 } });
  const placed = await placeOrder(slices, {
    deployment: deps.newId(),
    robot: robot.robot,
    release: chosen.value,
    kind: spec.kind,
    allowDowngrade: spec.kind === 'rollback' || (spec.allowDowngrade ?? false),
    active: activeOf(deps.factsOf(robot.robot), spec.component)?.manifestSha256,
    by: rollout.createdBy,
    reason: spec.reason ?? spec.emergency?.reason,
    now,
    part: { rollout: rollout.rollout, stage, rank: member.rank, deadline: now + timeout },
    ...(override && { override }),
  });
  await slices.rollouts.place(rollout.rollout, member, placed.deployment);
  return 'ordered';
}

/** Asked again for each robot: it may have been quarantined, decommissioned or updated by hand since the start. */
async function releaseFor(
  deps: RolloutDeps,
  slices: Slices,
  { spec }: Rollout,
  robot: RobotRecord,
): Promise<Result<PublishedRelease>> {
  const facts = deps.factsOf(robot.robot);
  const { component, version, kind } = spec;
  if (kind === 'rollback') {
    return chooseRelease(slices, robot, facts, { component, ...(version !== undefined && { toVersion: version }) });
  }
  if (version === undefined) throw new Error('only a rollback goes without a version');
  const wanted: ReleaseRef = { component, version };
  const release = await readRelease(slices, robot.environment, wanted);
  return judgeOrder({ robot, facts, wanted, release, allowDowngrade: spec.allowDowngrade ?? false });
}

/** Whether any of the robots that are next could be given its order. Reads only. */
export async function isAnybodyFree(slices: Slices, rollout: Rollout): Promise<boolean> {
  const others: Others = new Map();
  for (const { robot } of await slices.rollouts.unplaced(rollout.rollout, LOOK_AHEAD)) {
    if (!(await isKept(slices, rollout, robot, others))) return true;
  }
  return false;
}

/** Rollouts that keep robots, read once for a whole look: they are few, and their robots many. */
type Others = Map<RolloutId, Rollout | undefined>;

async function isKept(slices: Slices, rollout: Rollout, robot: RobotId, others: Others): Promise<boolean> {
  const { deployments } = await slices.desired.of(robot);
  const standing = deployments.find(({ component }) => component === rollout.spec.component);
  return standing !== undefined && mustWaitFor(slices, rollout, standing, others);
}

/** An unfinished order of more weight goes first; one of less gives way to this. A direct order is a person's word. */
async function mustWaitFor(slices: Slices, rollout: Rollout, standing: Deployment, others: Others): Promise<boolean> {
  if (isTerminal(standing.state) || standing.part?.rollout === rollout.rollout) return false;
  if (!standing.part) return standing.createdAt >= rollout.createdAt;
  const id = standing.part.rollout;
  if (!others.has(id)) others.set(id, await slices.rollouts.find(id));
  const other = others.get(id);
  if (!other) return false;
  const more = other.spec.priority - rollout.spec.priority;
  return more > 0 || (more === 0 && other.createdAt > rollout.createdAt);
}

function overrideOf({ spec: { emergency }, createdBy }: Rollout): Override | undefined {
  if (!emergency) return undefined;
  const skips = emergency.skips.filter((skip) => skip !== 'approval' && skip !== 'limits');
  return skips.length === 0 ? undefined : { by: createdBy, reason: emergency.reason, skips };
}

const gone = ({ rollout, spec }: Rollout, robot: RobotId): Refusal => ({
  phase: 'assign',
  component: spec.component,
  element: rollout,
  category: 'gone',
  detail: `${robot} does not belong to the fleet any more.`,
  retryable: false,
  hint: 'Nothing to do.',
});

export const nobodyFree = ({ rollout, spec }: Rollout): Refusal => ({
  phase: 'assign',
  component: spec.component,
  element: rollout,
  category: 'kept_by_others',
  detail: 'The robots that are next are busy with other orders of this component.',
  retryable: true,
  hint: 'It goes on when those have ended; a higher priority would go first.',
});
