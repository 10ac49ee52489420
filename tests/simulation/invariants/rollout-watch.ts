/**
 * Looks at every rollout now and then: through the API as an operator would, and beside the server into its database.
 * What it finds is held against what the robots really did, moment by moment.
 */

import { type DeploymentState, isTerminal } from '@fairlead/shared/fleet/states';
import type { DeploymentId, RobotId, RolloutId } from '@fairlead/shared/ids';
import { limitOf } from '@fairlead/shared/rollout/rollout-spec';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { fromTimestamp, type Instant, MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Stage } from '../stage.ts';
import type { Person } from '../world/people.ts';
import type { Interval } from './overseer.ts';
import { crowdOf, type Stay } from './places.ts';
import { createStops, type Stops } from './stops.ts';

export interface Limits {
  readonly maxConcurrent: number;
  /** For each site. */
  readonly perSite: number;
}
export interface RolloutWatch {
  readonly stops: Stops;
  readonly known: RolloutId[];
  /** One look at everything; `last` when the world has had its time. */
  look(last: boolean): Promise<void>;
}

interface Spell {
  readonly from: Instant;
  readonly until: Instant;
}
const covers = ({ from, until }: Spell, since: Instant, to: Instant): boolean => from < since && to < until;

const STOPS = new Set(['paused', 'stage-failed', 'stage-inconclusive', 'aborted', 'superseded']);
const GOES = new Set(['resumed', 'promoted', 'retried']);

/** When it stood still, as its own history has it: gates stop rollouts too, and nobody acknowledges that. */
function standstills(history: readonly { readonly at: string; readonly what: string }[]): readonly Spell[] {
  const spells: Spell[] = [];
  let since: Instant | undefined;
  for (const { at, what } of history) {
    if (STOPS.has(what)) since ??= fromTimestamp(at);
    if (!GOES.has(what) || since === undefined) continue;
    spells.push({ from: since, until: fromTimestamp(at) });
    since = undefined;
  }
  return since === undefined ? spells : [...spells, { from: since, until: Infinity }];
}

interface Part {
  readonly rollout: RolloutId;
  readonly stage: number;
  readonly state: string;
  readonly endedAt: Instant | undefined;
}
/** A lease of the database, a tick of the engine: after that a deadline must have been seen. */
const LATE = 5 * MINUTE;
/** What may stand at the very end: it waits for a person, and says so. */
const WAITS_FOR_A_PERSON = new Set([
  'paused',
  'manual_gate',
  'awaits_switch',
  'needs_approval',
  'too_many_failures',
  'too_few_successes',
  'too_few_robots',
]);

export function watchRollouts(stage: Stage, auditor: Person, limits: Limits): RolloutWatch {
  const { world, checks, fleet } = stage;
  const { agenda, overseer, server } = world;
  const stops = createStops(agenda.now);
  const known: RolloutId[] = [];
  /** Ended, and looked at since. */
  const over = new Set<RolloutId>();
  /** Robots of each stage that has begun, as first seen. */
  const cohorts = new Map<string, ReadonlySet<RobotId>>();

  const partsOf = async (deployments: readonly DeploymentId[]): Promise<ReadonlyMap<DeploymentId, Part>> => {
    const parts = new Map<DeploymentId, Part>();
    for (let at = 0; at < deployments.length; at += 400) {
      const rows = await server
        .running()
        .database.selectFrom('deployments')
        .select(['deployment', 'rollout', 'stage', 'state', 'ended_at'])
        .where('deployment', 'in', deployments.slice(at, at + 400))
        .execute();
      for (const { deployment, rollout, stage: index, state, ended_at } of rows) {
        if (rollout === null) continue;
        const endedAt = ended_at === null ? undefined : fromTimestamp(ended_at);
        parts.set(deployment as DeploymentId, { rollout: rollout as RolloutId, stage: Number(index), state, endedAt });
      }
    }
    return parts;
  };

  /** A robot that is not heard any more loses its place: that is what a time-out is. */
  const stayOf = ({ from, until }: Interval, part: Part): Stay => {
    const gone = part.state === 'timed-out' ? part.endedAt : undefined;
    return { from, until: gone === undefined ? until : Math.max(from, Math.min(gone, until ?? gone)) };
  };
  const expectRoom = (what: string, stays: readonly Stay[], most: number): void => {
    const crowd = crowdOf(stays);
    const says = () =>
      `${crowd.most} robots of ${what} were between switch and end at ${toTimestamp(crowd.at)}; ${most} may be`;
    checks.expect('budgets', crowd.most <= most, says);
  };

  const lookAtPlaces = async (): Promise<void> => {
    const { intervals } = overseer;
    const parts = await partsOf(intervals.map(({ deployment }) => deployment));
    const stays = intervals.flatMap((interval) => {
      const part = parts.get(interval.deployment);
      return part ? [{ interval, part, stay: stayOf(interval, part) }] : [];
    });
    expectRoom(
      'the fleet',
      stays.map(({ stay }) => stay),
      limits.maxConcurrent,
    );
    const bySite = Map.groupBy(stays, ({ interval }) => fleet.get(interval.robot)?.traits.labels['site'] ?? '');
    for (const [site, there] of bySite)
      expectRoom(
        `site ${site}`,
        there.map(({ stay }) => stay),
        limits.perSite,
      );
    const byStage = Map.groupBy(stays, ({ part }) => part.rollout);
    for (const [rollout, there] of byStage) await lookAtStages(rollout, there);
    // Those that have ended were looked at beside everybody who was there with them.
    const open = intervals.filter(({ until }) => until === undefined);
    const since = Math.min(agenda.now(), ...open.map(({ from }) => from));
    const kept = intervals.filter(({ until }) => until === undefined || until > since);
    intervals.splice(0, intervals.length, ...kept);
  };
  const lookAtStages = async (rollout: RolloutId, there: readonly { readonly part: Part; readonly stay: Stay }[]) => {
    const { spec, stages } = await auditor.must((api) => api.showRollout({ params: { rollout } }));
    for (const [index, of] of Map.groupBy(there, ({ part }) => part.stage)) {
      const most = spec.stages[index]?.maxUnavailable;
      const endedAt = stages[index]?.endedAt;
      // A stage that passed early has no limit of its own any more, but for the last one.
      if (most === undefined || (endedAt !== undefined && index + 1 < stages.length)) continue;
      expectRoom(
        `stage ${index + 1} of ${rollout}`,
        of.map(({ stay }) => stay),
        limitOf(most, stages[index]?.size ?? 0),
      );
    }
  };

  const lookAtConfirmations = async (): Promise<void> => {
    const confirmed = overseer.confirmations.splice(0);
    const parts = await partsOf(confirmed.map(({ deployment }) => deployment));
    const halts = new Map<RolloutId, readonly Spell[]>();
    for (const rollout of new Set([...parts.values()].map((part) => part.rollout))) {
      const { items } = await auditor.must((api) => api.rolloutHistory({ params: { rollout } }));
      halts.set(rollout, standstills(items));
    }
    for (const { robot, deployment, askedAt, at } of confirmed) {
      const part = parts.get(deployment);
      if (!part) continue;
      const says = () =>
        `${robot} asked at ${toTimestamp(askedAt)} and was let switch, while ${part.rollout} stood still`;
      const halted = halts.get(part.rollout)?.some((spell) => covers(spell, askedAt, at)) ?? false;
      checks.expect('no-switch-while-stopped', !halted && !stops.stood(part.rollout, askedAt, at), says, robot);
    }
  };

  const lookAtRollout = async (rollout: RolloutId, last: boolean): Promise<void> => {
    if (over.has(rollout)) return;
    const view = await auditor.must((api) => api.showRollout({ params: { rollout } }));
    await lookAtCohorts(rollout, view.spec.newRobots === 'include');
    if (hasEnded(view.state)) over.add(rollout);
    if (hasEnded(view.state) || !last) return;
    const { blocked } = view;
    const reason = blocked?.why.category ?? 'nothing';
    const says = () =>
      `${rollout} (${view.spec.strategy} of ${view.spec.version}) is ${view.state}, stage ${view.stage + 1}; it says ${reason}: ${blocked?.why.detail}; ${JSON.stringify(view.stages.map(({ state, counts }) => ({ state, ...counts })))}`;
    checks.expect('stages-converge', WAITS_FOR_A_PERSON.has(reason), says);
  };
  const lookAtCohorts = async (rollout: RolloutId, mayGrow: boolean): Promise<void> => {
    const now = new Map<number, Set<RobotId>>();
    for (let cursor: string | undefined; ; ) {
      const page = await auditor.must((api) =>
        api.listRolloutRobots({ params: { rollout }, query: { limit: 500, ...(cursor !== undefined && { cursor }) } }),
      );
      for (const { robot, stage: index, excluded } of page.items) {
        if (index !== undefined && !excluded) now.set(index, (now.get(index) ?? new Set()).add(robot));
      }
      cursor = page.next;
      if (cursor === undefined) break;
    }
    for (const [index, robots] of now) {
      const key = `${rollout} ${index}`;
      const before = cohorts.get(key);
      cohorts.set(key, robots);
      if (!before) continue;
      const came = [...robots].find((robot) => !before.has(robot));
      const says = () => `${came} came to stage ${index + 1} of ${rollout}, which had begun`;
      checks.expect('cohorts-fixed', mayGrow || came === undefined, says, came);
    }
  };

  const lookForSilence = async (): Promise<void> => {
    const rows = await server
      .running()
      .database.selectFrom('deployments')
      .innerJoin('rollouts', 'rollouts.rollout', 'deployments.rollout')
      .select(['deployments.robot', 'deployments.deployment', 'deployments.state', 'rollouts.state as of', 'deadline'])
      .where('deadline', '<', toTimestamp(agenda.now() - LATE))
      .where('rollouts.state', 'in', ['running', 'completed'])
      .execute();
    const open = rows.find(({ state }) => !isTerminal(state as DeploymentState));
    const says = () => `${open?.deployment} of ${open?.robot} is ${open?.state}, its time ended at ${open?.deadline}`;
    checks.expect('silence-times-out', open === undefined, says, open?.robot);
  };

  /** What was called off is called off on every robot, whenever the server died in the middle of it. */
  const lookForOrphans = async (): Promise<void> => {
    const rows = await server
      .running()
      .database.selectFrom('deployments')
      .innerJoin('rollouts', 'rollouts.rollout', 'deployments.rollout')
      .select(['deployments.robot', 'deployments.rollout', 'deployments.state', 'rollouts.state as of'])
      .where('rollouts.state', 'in', ['aborted', 'superseded'])
      .execute();
    const orphan = rows.find(({ state }) => !isTerminal(state as DeploymentState));
    const says = () =>
      `${orphan?.rollout} is ${orphan?.of}, and its order of ${orphan?.robot} is still ${orphan?.state}`;
    checks.expect('stages-converge', orphan === undefined, says, orphan?.robot);
  };

  return {
    stops,
    known,
    async look(last) {
      if (!server.isUp()) return;
      await lookAtPlaces();
      await lookAtConfirmations();
      // Those that undo another one were ordered by nobody in this story.
      const { items } = await auditor.must((api) => api.listRollouts({ query: { limit: 500 } }));
      for (const { rollout } of items) await lookAtRollout(rollout, last);
      await lookForSilence();
      if (last) await lookForOrphans();
    },
  };
}
