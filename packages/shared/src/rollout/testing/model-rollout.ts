/** A rollout without a database: the smallest world in which planNextStep can be driven to the end. */
import type { RobotId, RolloutId } from '../../ids.ts';
import { SECOND } from '../../time.ts';
import { rankOf, sizeOfStage } from '../cohort.ts';
import { type Decision, planNextStep, timeoutOf } from '../plan-next-step.ts';
import type { Rollout, StageProgress } from '../rollout.ts';
import type { RolloutFacts, SoakWatch } from '../rollout-facts.ts';
import { limitOf, type RolloutSpec } from '../rollout-spec.ts';
import type { StageTally } from '../tally.ts';

/** `silent` timed out before its switch; `degraded` failed or stopped checking in after its commit. */
export type Place =
  | 'outside'
  | 'unplaced'
  | 'staging'
  | 'ready'
  | 'granted'
  | 'succeeded'
  | 'degraded'
  | 'failed'
  | 'silent';
export interface ModelRobot {
  readonly robot: RobotId;
  place: Place;
  stage: number;
  deadline: number;
  /** A person accepted its failure. */
  accepted?: true;
  /** Its last check-in. */
  seen: number;
  offline: boolean;
}
export interface Model {
  rollout: Rollout;
  now: number;
  readonly robots: ModelRobot[];
  /** Everything decided, oldest first. */
  readonly decided: Decision['do'][];
}

export function model(spec: RolloutSpec, size: number): Model {
  const robots = Array.from({ length: size }, (_, n): ModelRobot => {
    return { robot: `duck-${n}` as RobotId, place: 'outside', stage: -1, deadline: 0, seen: 0, offline: false };
  });
  robots.sort((a, b) => rankOf('seed', a.robot) - rankOf('seed', b.robot));
  const pending: StageProgress = { state: 'pending', size: 0, batchLeft: 0 };
  const rollout: Rollout = {
    rollout: 'ro_0123456789' as RolloutId,
    generation: 1,
    spec,
    state: 'scheduled',
    createdAt: 0,
    createdBy: 'ann',
    members: size,
    excluded: 0,
    stage: 0,
    stages: spec.stages.map(() => ({ ...pending })),
  };
  return { rollout, now: 0, robots, decided: [] };
}

const OPEN: readonly Place[] = ['staging', 'ready', 'granted'];

function tallyOf(robots: readonly ModelRobot[]): StageTally {
  const count = (...places: Place[]) => robots.filter(({ place }) => places.includes(place)).length;
  const states = {
    waiting: count(...OPEN),
    succeeded: count('succeeded'),
    degraded: count('degraded'),
    failed: count('failed'),
    'timed-out': count('silent'),
  };
  const accepted = robots.filter((robot) => robot.accepted && ['degraded', 'failed'].includes(robot.place)).length;
  return { states, ready: count('ready'), granted: count('granted'), silent: count('silent'), accepted };
}

/** A robot that has not checked in for so long counts as silent. */
const OFFLINE_MS = 300 * SECOND;

/** When the soak of the stage at `index` is over; undefined where it does not soak, or does not yet. */
export function soakedUntil({ spec, stages }: Rollout, index: number): number | undefined {
  const progress = stages[index];
  const soak = spec.stages[index]?.soakSec ?? 0;
  if (!progress || progress.size === 0 || soak === 0 || progress.soakingSince === undefined) return undefined;
  return progress.soakingSince + soak * SECOND;
}

function watchOf({ rollout, now, robots }: Model): SoakWatch | undefined {
  const until = soakedUntil(rollout, rollout.stage);
  if (until === undefined || rollout.stages[rollout.stage]?.state !== 'soaking') return undefined;
  const watched = robots.filter(({ stage, place }) => stage === rollout.stage && place === 'succeeded');
  const silent = watched.filter(({ seen }) => now - seen >= OFFLINE_MS);
  const unseen = watched.filter((robot) => !silent.includes(robot) && robot.seen < until);
  return {
    silent: silent.length,
    unseen: unseen.length,
    examples: unseen.slice(0, 3).map(({ robot }) => robot),
    unseenUntil: Math.max(now, ...unseen.map(({ seen }) => seen + OFFLINE_MS)),
  };
}

export function factsOf(world: Model): RolloutFacts {
  const { rollout, now, robots } = world;
  const watch = watchOf(world);
  const present = robots.filter(({ stage }) => stage === rollout.stage);
  const earlier = robots.filter(({ stage }) => stage >= 0 && stage < rollout.stage);
  const { ready, granted } = tallyOf(earlier);
  const open = robots.filter(({ place }) => OPEN.includes(place));
  const nextDeadline = open.length > 0 ? Math.min(...open.map(({ deadline }) => deadline)) : undefined;
  return {
    rollout,
    now,
    ...(nextDeadline !== undefined && { nextDeadline }),
    tally: tallyOf(present),
    earlier: rollout.stages.slice(0, rollout.stage).map((_, at) => tallyOf(robots.filter(({ stage }) => stage === at))),
    ...(watch && { watch }),
    unplaced: present.filter(({ place }) => place === 'unplaced').length,
    behind: {
      open: earlier.filter(({ place }) => OPEN.includes(place)).length,
      ready,
      granted,
      unplaced: earlier.filter(({ place }) => place === 'unplaced').length,
    },
    overdue: robots.filter(({ place, deadline }) => OPEN.includes(place) && deadline <= now).length,
    stagingRoom: Infinity,
  };
}

/** Takes steps until the engine says that it waits; answers what it waits for. */
export function drive(world: Model): Extract<Decision, { do: 'hold' }> {
  for (let step = 0; step < 10_000; step += 1) {
    const decision = planNextStep(factsOf(world));
    world.decided.push(decision.do);
    if (decision.do === 'hold') return decision;
    world.rollout = { ...world.rollout, ...take(world, decision), generation: world.rollout.generation + 1 };
  }
  throw new Error(`it never rests: ${world.decided.slice(-10).join(', ')}`);
}

function take(world: Model, decision: Exclude<Decision, { do: 'hold' }>): Partial<Rollout> {
  const { rollout, now, robots } = world;
  const stage = rollout.spec.stages[rollout.stage];
  const changed = (change: Partial<StageProgress>, at = rollout.stage): Partial<Rollout> => ({
    stages: rollout.stages.map((each, index) => (index === at ? { ...each, ...change } : each)),
  });
  const some = (place: Place, atMost: number) =>
    robots.filter((robot) => robot.place === place && robot.stage <= rollout.stage).slice(0, atMost);
  switch (decision.do) {
    case 'deny':
      return { state: decision.state };
    case 'schedule':
      return { state: 'scheduled' };
    case 'start':
      return { state: 'running', startedAt: now };
    case 'begin-stage': {
      if (!stage || 'selector' in stage.upTo) throw new Error('the model knows no selectors');
      const outside = robots.filter(({ place }) => place === 'outside');
      const size = sizeOfStage(stage.upTo, robots.length, robots.length - outside.length);
      for (const robot of outside.slice(0, size)) Object.assign(robot, { place: 'unplaced', stage: rollout.stage });
      return changed({ state: 'running', size, startedAt: now });
    }
    case 'time-out':
      for (const robot of robots) {
        if (!OPEN.includes(robot.place) || robot.deadline > now) continue;
        robot.place = robot.place === 'granted' ? 'failed' : 'silent';
      }
      return {};
    case 'mark-silent':
      for (const robot of robots) {
        if (robot.stage !== rollout.stage || robot.place !== 'succeeded') continue;
        if (now - robot.seen >= OFFLINE_MS) robot.place = 'degraded';
      }
      return {};
    case 'begin-batch': {
      const size = rollout.stages[rollout.stage]?.size ?? 0;
      return changed({ batchLeft: limitOf(stage?.batch?.size ?? Math.max(1, size), size) });
    }
    case 'rest':
      return changed({ restUntil: decision.until });
    case 'switch-all':
      return { switchingSince: now };
    case 'admit': {
      const admitted = some('unplaced', decision.atMost);
      for (const robot of admitted) {
        robot.place = 'staging';
        robot.deadline = now + timeoutOf(stage ?? { upTo: { percent: 100 } });
      }
      const { batchLeft } = rollout.stages[rollout.stage] ?? { batchLeft: 0 };
      return changed({ batchLeft: Math.max(0, batchLeft - admitted.length) });
    }
    case 'grant':
      for (const robot of some('ready', decision.atMost)) robot.place = 'granted';
      return {};
    case 'soak':
      return changed({ state: 'soaking', soakingSince: now });
    case 'pass-stage':
      return { ...changed({ state: 'passed', endedAt: now }), stage: rollout.stage + 1 };
    case 'stop':
      return {
        state: 'paused',
        ...changed({ state: decision.stage, verdict: decision.why }, decision.index),
        stopped: { by: 'control-plane', at: now, why: decision.why },
      };
    case 'complete':
      return { state: 'completed', endedAt: now };
  }
}

export const seconds = (count: number): number => count * SECOND;
