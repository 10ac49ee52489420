/** A rollout as people see it: its stages in numbers, and what blocks it, in the words of what would decide. */
import type { RolloutView } from '@fairlead/shared/api/rollout-api';
import type { Refusal } from '@fairlead/shared/failure';
import { planNextStep } from '@fairlead/shared/rollout/plan-next-step';
import { failuresOf, formatRevision } from '@fairlead/shared/rollout/revision';
import type { Rollout, StageProgress } from '@fairlead/shared/rollout/rollout';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { Static } from 'typebox';
import type { CountedStage } from '../store/kysely-tallies.ts';
import { type Look, lookForGrants } from './grant.ts';
import { nameFailures } from './name-failures.ts';
import { nextFree, nobodyFree } from './next-free.ts';
import { factsOf, type ReadFacts } from './read-facts.ts';
import type { RolloutDeps } from './rollout-deps.ts';

type View = Static<typeof RolloutView>;
type StageView = View['stages'][number];

export async function viewRollout(deps: RolloutDeps, rollout: Rollout): Promise<View> {
  const facts = await factsOf(deps, deps.store, rollout, deps.clock.now());
  const blocked = hasEnded(rollout.state) ? undefined : await whyBlocked(deps, facts);
  const { approval, stopped, switchingSince, finalisedAt, followedBy, undoes, startedAt, endedAt } = rollout;
  return {
    rollout: rollout.rollout,
    generation: rollout.generation,
    revision: formatRevision(rollout, failuresOf(facts.tallies)),
    state: rollout.state,
    spec: rollout.spec,
    createdAt: toTimestamp(rollout.createdAt),
    createdBy: rollout.createdBy,
    ...times({ startedAt, endedAt, switchingSince, finalisedAt }),
    members: rollout.members,
    excluded: rollout.excluded,
    stage: rollout.stage,
    stages: rollout.stages.map((progress, index) => viewStage(rollout, progress, index, facts.tallies.get(index))),
    ...(approval && {
      approval: {
        needed: approval.needed,
        expiresAt: toTimestamp(approval.expiresAt),
        votes: approval.votes.map((vote) => ({ ...vote, at: toTimestamp(vote.at) })),
      },
    }),
    ...(stopped && { stopped: { ...stopped, at: toTimestamp(stopped.at) } }),
    ...(followedBy !== undefined && { followedBy }),
    ...(undoes !== undefined && { undoes }),
    ...(blocked && {
      blocked: { why: blocked.why, ...(blocked.until !== undefined && { until: toTimestamp(blocked.until) }) },
    }),
  };
}

export interface Blocked {
  readonly why: Refusal;
  readonly until?: Instant;
}

/** What stands in the way of the next step; undefined where the engine is about to take it. Reads only. */
export async function whyBlocked(deps: RolloutDeps, facts: ReadFacts): Promise<Blocked | undefined> {
  const { store } = deps;
  const decision = planNextStep(facts);
  switch (decision.do) {
    case 'hold':
      return decision.failuresIn === undefined
        ? decision
        : { ...decision, why: await nameFailures(store, facts.rollout, decision.failuresIn, decision.why) };
    case 'deny':
    case 'stop':
      return decision;
    case 'grant': {
      const look = await lookForGrants(deps, store, facts.rollout, 1, facts.now);
      return look.granted.length > 0 || !look.refused ? undefined : aboutOne(look.refused);
    }
    case 'admit': {
      const { members, keepers } = await nextFree(store, facts.rollout, 1);
      return members.length > 0 ? undefined : { why: nobodyFree(facts.rollout, keepers) };
    }
    case 'rest':
    case 'schedule':
    case 'start':
    case 'begin-stage':
    case 'time-out':
    case 'mark-silent':
    case 'begin-batch':
    case 'switch-all':
    case 'soak':
    case 'pass-stage':
    case 'complete':
      return undefined;
  }
}

/** Of a rollout it is said whose window or budget it is. */
function aboutOne({ robot, why, until }: NonNullable<Look['refused']>): Blocked {
  const detail = why.detail.replace(/^Its /, `${robot} is ready; its `);
  return { why: { ...why, detail }, ...(until !== undefined && { until }) };
}

function viewStage(
  rollout: Rollout,
  progress: StageProgress,
  index: number,
  tally: CountedStage | undefined,
): StageView {
  const stage = rollout.spec.stages[index] ?? { upTo: { percent: 100 } };
  const { states = {}, unplaced = 0, ready = 0, granted = 0, silent = 0, accepted = 0 } = tally ?? {};
  return {
    name: stage.name ?? `${index + 1}`,
    stage,
    state: progress.state,
    size: progress.size,
    ...times({ startedAt: progress.startedAt, soakingSince: progress.soakingSince, endedAt: progress.endedAt }),
    ...(progress.promotedBy !== undefined && { promotedBy: progress.promotedBy }),
    ...(accepted > 0 && { acceptedFailures: accepted }),
    ...(progress.verdict && { verdict: progress.verdict }),
    counts: { states: { ...states }, unplaced, ready, granted, silent },
  };
}

const times = <K extends string>(given: Readonly<Record<K, Instant | undefined>>): Partial<Record<K, string>> =>
  Object.fromEntries(
    Object.entries<Instant | undefined>(given).flatMap(([key, at]) =>
      at === undefined ? [] : [[key, toTimestamp(at)]],
    ),
  ) as Partial<Record<K, string>>;
