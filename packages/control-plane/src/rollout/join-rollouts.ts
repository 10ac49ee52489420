/**
 * A robot comes to match a target after its rollout began: it was accepted, moved to a group, labelled. Rollouts that
 * take in new robots take it in now; those that leave them out never hear of it. Asked once per robot that changes,
 * so that nobody has to look through the fleet again and again.
 */

import type { Refusal } from '@fairlead/shared/failure';
import { choosing } from '@fairlead/shared/fleet/choose-robots';
import { type RobotId, sayRelease } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { hasEnded, hasPassedAllStages } from '@fairlead/shared/rollout/states';
import type { Instant } from '@fairlead/shared/time';
import { abandonedRefusal } from '../assign/abandon.ts';
import { labelled } from '../fleet/labelled.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import { changeRollout, Overtaken, withStage } from './change-rollout.ts';
import { judgeMembers } from './find-members.ts';
import type { RolloutDeps } from './rollout-deps.ts';

/** Completed rollouts that may still be what a newcomer should run. */
const REMEMBERED = 200;
const TRIES = 5;

export async function joinRollouts(deps: RolloutDeps, name: RobotId): Promise<void> {
  const { store, clock } = deps;
  const robot = await store.robots.find(name);
  if (robot?.lifecycle !== 'accepted') return;
  for (const { rollout } of await openToNewcomers(deps, robot)) {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        await store.transaction((slices) => join(deps, slices, rollout, robot, clock.now()));
        break;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
    deps.poke(rollout);
  }
}

/**
 * Of each component only the newest that means this robot: what is undone, or what robots like it were rolled back from
 * since, is wanted by nobody any more.
 */
async function openToNewcomers(
  { store: { rollouts, rules }, factsOf }: RolloutDeps,
  robot: RobotRecord,
): Promise<readonly Rollout[]> {
  const { environment } = robot;
  const completed = await rollouts.list({ state: 'completed' }, { limit: REMEMBERED });
  const empty = await rollouts.list({ state: 'ended-without-robots' }, { limit: REMEMBERED });
  const known = [...(await rollouts.active()), ...completed, ...empty].filter(
    ({ spec }) => spec.environment === environment,
  );
  const { groups } = await rules.all();
  const meansIt = ({ spec: { target } }: Rollout): boolean => {
    if ('updatedBy' in target) return false;
    const chooses = choosing(target, groups);
    return chooses.ok && chooses.value(labelled(robot, factsOf(robot.robot)));
  };
  const newest = new Map<string, Rollout>();
  for (const rollout of known.filter(meansIt).sort((a, b) => b.createdAt - a.createdAt)) {
    const { component } = rollout.spec;
    if (!newest.has(component)) newest.set(component, rollout);
  }
  return [...newest.values()].filter(
    (rollout) => rollout.spec.kind === 'deploy' && rollout.spec.newRobots === 'include' && isOpen(rollout),
  );
}

const isOpen = ({ state, followedBy }: Rollout): boolean =>
  followedBy === undefined && (!hasEnded(state) || hasPassedAllStages(state));

async function join(
  deps: RolloutDeps,
  slices: Slices,
  id: Rollout['rollout'],
  robot: RobotRecord,
  now: Instant,
): Promise<void> {
  const rollout = await slices.rollouts.find(id);
  // Before its start everybody is asked anyway.
  if (!rollout || rollout.startedAt === undefined || !isOpen(rollout)) return;
  const { target } = rollout.spec;
  if ('robot' in target || 'updatedBy' in target || (await slices.rollouts.member(id, robot.robot))) return;
  const { groups } = await slices.rules.all();
  const chooses = choosing(target, groups);
  if (!chooses.ok || !chooses.value(labelled(robot, deps.factsOf(robot.robot)))) return;
  const [judged] = await judgeMembers(deps, slices, rollout, [robot]);
  if (!judged) return;
  const excluded = judged.excluded ?? (await leftBefore(slices, rollout, robot));
  const member = { ...judged, ...(excluded && { excluded }) };
  await slices.rollouts.addMembers(id, [member]);
  const last = rollout.spec.stages.length - 1;
  const isLate = rollout.stage > last || (rollout.stage === last && rollout.stages[last]?.state !== 'pending');
  const detail = member.excluded ? `${robot.robot} is left out: ${member.excluded.detail}` : robot.robot;
  const happening = { by: 'control-plane', what: 'joined', detail };
  if (member.excluded || !isLate) {
    await changeRollout(slices, rollout, countOf(rollout, member.excluded !== undefined), now, happening);
    return;
  }
  // All cohorts are fixed: it goes with the last one, and a completed rollout has a robot to bring along again.
  await slices.rollouts.takeIntoStage(id, last, [robot.robot]);
  const size = (rollout.stages[last]?.size ?? 0) + 1;
  const isOver = hasPassedAllStages(rollout.state);
  const { endedAt: _ended, ...reopened } = isOver ? withoutStop(rollout) : rollout;
  const state = isOver ? 'running' : rollout.state;
  const change = { ...countOf(rollout, false), state, stages: withStage(rollout, { size }, last) };
  await changeRollout(slices, reopened, change, now, happening);
}

/** Nobody ordered this of a robot that was rolled back from the release: joining is no reason to go forward to it again. */
async function leftBefore(
  slices: Slices,
  { spec }: Rollout,
  { robot, environment }: RobotRecord,
): Promise<Refusal | undefined> {
  const { component, version } = spec;
  const release = version === undefined ? undefined : await slices.releases.find(environment, { component, version });
  const abandoned = await slices.abandoned.of(robot, component);
  const left = abandoned.find(({ manifestSha256 }) => manifestSha256 === release?.manifestSha256);
  if (!left) return undefined;
  const hint = `If it should run it again: fairlead deploy --robot ${robot} --release ${sayRelease(left)}`;
  return { ...abandonedRefusal(robot, left), hint };
}

const withoutStop = ({ stopped: _stopped, ...rollout }: Rollout): Rollout => rollout;

const countOf = ({ members, excluded }: Rollout, isExcluded: boolean): Pick<Rollout, 'members' | 'excluded'> =>
  isExcluded ? { members, excluded: excluded + 1 } : { members: members + 1, excluded };
