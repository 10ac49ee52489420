/** What the server's own records say of deployments and rollouts, read beside the server. */
import type { Refusal } from '@fairlead/shared/failure';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { DeploymentId, RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { fromTimestamp, type Instant } from '@fairlead/shared/time';
import type { Server } from '../world/server.ts';

export interface DeploymentRecord {
  readonly deployment: DeploymentId;
  readonly robot: RobotId;
  readonly release: Sha256;
  readonly version: string;
  readonly kind: 'deploy' | 'rollback';
  readonly state: DeploymentState;
  readonly createdAt: Instant;
  readonly endedAt?: Instant;
  readonly rollout?: RolloutId;
  readonly stage?: number;
  /** A person has accepted that it failed. */
  readonly failureAccepted: boolean;
  /** What the robot may skip: break glass. */
  readonly skips: readonly string[];
}

/** More parameters than that SQLite does not take in one statement with all others. */
const PAGE = 400;
const COLUMNS = [
  'deployment',
  'robot',
  'manifest_sha256',
  'version',
  'kind',
  'state',
  'created_at',
  'ended_at',
  'rollout',
  'stage',
  'override',
  'failure_accepted',
] as const;

function pagesOf(ids: Iterable<DeploymentId>): readonly (readonly DeploymentId[])[] {
  const all = [...new Set(ids)];
  return Array.from({ length: Math.ceil(all.length / PAGE) }, (_, page) => all.slice(page * PAGE, (page + 1) * PAGE));
}

export interface ServerRecords {
  deployments(ids: Iterable<DeploymentId>): Promise<ReadonlyMap<DeploymentId, DeploymentRecord>>;
  /** When each of these timed out, also where the robot has reported an outcome since. */
  timeOuts(ids: Iterable<DeploymentId>): Promise<ReadonlyMap<DeploymentId, Instant>>;
  deploymentsOfRollout(rollout: RolloutId): Promise<readonly DeploymentRecord[]>;
  /** Robots that were left out of a rollout, and why. */
  excluded(rollout: RolloutId): Promise<ReadonlyMap<RobotId, Refusal>>;
  /** Deployments that were skipped because the robot runs the release already. */
  skipped(): Promise<readonly DeploymentRecord[]>;
  /** What each robot should run, or only this one. */
  desired(robot?: RobotId): Promise<ReadonlyMap<RobotId, DeploymentRecord>>;
  rollouts(): Promise<readonly Rollout[]>;
}

export function serverRecords(server: Server): ServerRecords {
  return {
    async deployments(ids) {
      const found = new Map<DeploymentId, DeploymentRecord>();
      for (const page of pagesOf(ids)) {
        const rows = await server.read((database) =>
          database.selectFrom('deployments').select(COLUMNS).where('deployment', 'in', page).execute(),
        );
        for (const row of rows) found.set(row.deployment as DeploymentId, toRecord(row));
      }
      return found;
    },
    async timeOuts(ids) {
      const found = new Map<DeploymentId, Instant>();
      for (const page of pagesOf(ids)) {
        const rows = await server.read((database) =>
          database
            .selectFrom('deployment_events')
            .select(['deployment', 'at'])
            .where('state', '=', 'timed-out')
            .where('deployment', 'in', page)
            .execute(),
        );
        for (const { deployment, at } of rows) found.set(deployment as DeploymentId, fromTimestamp(at));
      }
      return found;
    },
    deploymentsOfRollout: async (rollout) =>
      (
        await server.read((database) =>
          database.selectFrom('deployments').select(COLUMNS).where('rollout', '=', rollout).execute(),
        )
      ).map(toRecord),
    async excluded(rollout) {
      const rows = await server.read((database) =>
        database.selectFrom('rollout_members').select(['robot', 'excluded']).where('rollout', '=', rollout).execute(),
      );
      return new Map(
        rows.flatMap(({ robot, excluded }) =>
          excluded === null ? [] : [[robot as RobotId, JSON.parse(excluded) as Refusal] as const],
        ),
      );
    },
    skipped: async () =>
      (
        await server.read((database) =>
          database.selectFrom('deployments').select(COLUMNS).where('state', '=', 'skipped').execute(),
        )
      ).map(toRecord),
    async desired(robot) {
      const rows = await server.read((database) => {
        const all = database
          .selectFrom('desired')
          .innerJoin('deployments', 'deployments.deployment', 'desired.deployment')
          .select(COLUMNS.map((column) => `deployments.${column}` as const));
        return (robot === undefined ? all : all.where('desired.robot', '=', robot)).execute();
      });
      return new Map(rows.map((row) => [row.robot as RobotId, toRecord(row)]));
    },
    rollouts: async () =>
      (await server.read((database) => database.selectFrom('rollouts').select('record').execute())).map(
        ({ record }) => JSON.parse(record) as Rollout,
      ),
  };
}

/** A server that supersedes each rollout by the next one, whichever robots that takes. */
export const supersedingAll = (records: ServerRecords): ServerRecords => ({
  ...records,
  async rollouts() {
    const all = (await records.rollouts()).toSorted((a, b) => a.createdAt - b.createdAt);
    return all.map((rollout, index): Rollout => {
      const next = all[index + 1];
      if (!next || rollout.startedAt !== undefined) return rollout;
      return { ...rollout, state: 'superseded', endedAt: next.createdAt, followedBy: next.rollout };
    });
  },
});

interface Row {
  readonly deployment: string;
  readonly robot: string;
  readonly manifest_sha256: string;
  readonly version: string;
  readonly kind: string;
  readonly state: string;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly rollout: string | null;
  readonly stage: number | null;
  readonly override: string | null;
  readonly failure_accepted: number | null;
}

function toRecord(row: Row): DeploymentRecord {
  const override = row.override === null ? undefined : (JSON.parse(row.override) as { readonly skips?: string[] });
  return {
    deployment: row.deployment as DeploymentId,
    robot: row.robot as RobotId,
    release: row.manifest_sha256 as Sha256,
    version: row.version,
    kind: row.kind === 'rollback' ? 'rollback' : 'deploy',
    state: row.state as DeploymentState,
    createdAt: fromTimestamp(row.created_at),
    ...(row.ended_at !== null && { endedAt: fromTimestamp(row.ended_at) }),
    ...(row.rollout !== null && { rollout: row.rollout as RolloutId }),
    ...(row.stage !== null && { stage: Number(row.stage) }),
    failureAccepted: row.failure_accepted !== null,
    skips: override?.skips ?? [],
  };
}
