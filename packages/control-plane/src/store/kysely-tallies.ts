/** What is counted of a rollout, kept right with every change of a deployment, in the same transaction. */
import { countedState } from '@fairlead/shared/fleet/degradation';
import { DEPLOYMENT, isSwitching } from '@fairlead/shared/fleet/deployment';
import { DeploymentState, isTerminal } from '@fairlead/shared/fleet/states';
import type { RolloutId } from '@fairlead/shared/ids';
import { FAILED_STATES, type StageTally } from '@fairlead/shared/rollout/tally';
import type { Kysely } from 'kysely';
import type { Deployment } from './deployments.ts';
import { readColumn } from './read-column.ts';

export interface TallyTables {
  rollout_tallies: { rollout: string; stage: number; class: string; robots: number };
}
export interface CountedStage extends StageTally {
  /** Robots of the cohort without a deployment. */
  readonly unplaced: number;
}

/** Staged, tested, and waiting for nothing but the grant. */
export const isAwaitingGrant = ({ state, part }: Deployment): boolean =>
  part?.readyAt !== undefined && part.grantedAt === undefined && DEPLOYMENT[state].withdrawable;

/** May be switching now. Also one that switched although its grant was taken back: a fact outranks a wish. */
export const isInBudget = ({ state, part }: Deployment): boolean =>
  part !== undefined && (isSwitching(state) || (part.grantedAt !== undefined && !isTerminal(state)));

const UNPLACED = 'unplaced';

/** One word for everything that is counted apart; undefined where it is counted no more. */
function classOf(deployment: Deployment): string | undefined {
  const { state, part } = deployment;
  if (part?.stage === undefined) return undefined;
  if (isInBudget(deployment)) return `${state} granted`;
  if (isAwaitingGrant(deployment)) return `${state} ready`;
  if (state === 'timed-out' && part.grantedAt === undefined) return `${state} silent`;
  const counted = countedState(deployment);
  return part.failureAccepted && FAILED_STATES.includes(counted) ? acceptedAs(counted) : counted;
}

const acceptedAs = (state: DeploymentState): string => `${state} accepted`;

export async function countChange(
  db: Kysely<TallyTables>,
  before: Deployment | undefined,
  after: Deployment,
): Promise<void> {
  const [from, to] = [before && classOf(before), classOf(after)];
  if (from === to && before?.part?.stage === after.part?.stage) return;
  if (before?.part?.stage !== undefined && from !== undefined) {
    await count(db, before.part.rollout, before.part.stage, from, -1);
  }
  if (after.part?.stage !== undefined && to !== undefined) await count(db, after.part.rollout, after.part.stage, to, 1);
}

/** So many robots of the stage have failed with `state`, and a person has accepted that. */
export async function countAccepted(
  db: Kysely<TallyTables>,
  rollout: RolloutId,
  stage: number,
  { state, robots }: { readonly state: DeploymentState; readonly robots: number },
): Promise<void> {
  await count(db, rollout, stage, state, -robots);
  await count(db, rollout, stage, acceptedAs(state), robots);
}

export const countUnplaced = (db: Kysely<TallyTables>, rollout: RolloutId, stage: number, robots: number) =>
  count(db, rollout, stage, UNPLACED, robots);

async function count(
  db: Kysely<TallyTables>,
  rollout: RolloutId,
  stage: number,
  what: string,
  robots: number,
): Promise<void> {
  await db
    .insertInto('rollout_tallies')
    .values({ rollout, stage, class: what, robots })
    .onConflict((conflict) =>
      conflict
        .columns(['rollout', 'stage', 'class'])
        .doUpdateSet(({ eb, ref }) => ({ robots: eb(ref('rollout_tallies.robots'), '+', robots) })),
    )
    .execute();
}

export async function readTallies(
  db: Kysely<TallyTables>,
  rollout: RolloutId,
): Promise<ReadonlyMap<number, CountedStage>> {
  const rows = await db.selectFrom('rollout_tallies').selectAll().where('rollout', '=', rollout).execute();
  const stages = new Map<number, Counting>();
  for (const { stage, class: what, robots } of rows) {
    const tally = stages.get(stage) ?? { states: {}, ready: 0, granted: 0, silent: 0, accepted: 0, unplaced: 0 };
    stages.set(stage, tally);
    if (robots !== 0) add(tally, what, Number(robots));
  }
  return stages;
}

interface Counting {
  states: Partial<Record<DeploymentState, number>>;
  ready: number;
  granted: number;
  silent: number;
  accepted: number;
  unplaced: number;
}

function add(tally: Counting, what: string, robots: number): void {
  if (what === UNPLACED) {
    tally.unplaced += robots;
    return;
  }
  const [name, mark] = what.split(' ');
  const state = readColumn(DeploymentState, name);
  tally.states[state] = (tally.states[state] ?? 0) + robots;
  if (mark === 'ready') tally.ready += robots;
  if (mark === 'granted') tally.granted += robots;
  if (mark === 'silent') tally.silent += robots;
  if (mark === 'accepted') tally.accepted += robots;
}

/** Robots of the whole fleet that are downloading, staging or testing for a rollout. */
export async function countStaging(db: Kysely<TallyTables>): Promise<number> {
  const STAGING: readonly DeploymentState[] = ['pending', 'offered', 'downloading', 'staged', 'waiting'];
  const row = await db
    .selectFrom('rollout_tallies')
    .select(({ fn }) => fn.sum('robots').as('robots'))
    .where('class', 'in', [...STAGING])
    .executeTakeFirst();
  return Number(row?.robots ?? 0);
}
