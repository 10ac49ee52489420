/** Rollouts that wait: a scheduled one starts, or its author can see why not; only what takes all its robots replaces it. */
import type { RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { type Instant, MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Person } from '../world/people.ts';
import type { Audit, AuditDeps } from './audit.ts';

/** The server may be down at the moment, and the lease of a killed one must run out. */
const LATE = 12 * MINUTE;

export function auditSchedule({ stage, records }: AuditDeps, auditor: Person): Audit {
  const { agenda, checks } = stage.world;
  const judged = new Set<string>();
  return {
    async look() {
      for (const rollout of await records.rollouts()) {
        const { spec, startedAt, state } = rollout;
        if (spec.startAt === undefined || judged.has(rollout.rollout)) continue;
        const due = Date.parse(spec.startAt) + LATE;
        if (agenda.now() < due) continue;
        judged.add(rollout.rollout);
        if (startedAt !== undefined) {
          const says = () => `${rollout.rollout} was to start at ${spec.startAt}, and did at ${toTimestamp(startedAt)}`;
          // One that was paused or waited for approval starts when people let it.
          checks.expect('schedule-kept', startedAt >= Date.parse(spec.startAt), says);
          continue;
        }
        const { items } = await auditor.must((api) => api.rolloutHistory({ params: { rollout: rollout.rollout } }));
        const reason = items.findLast(({ what }) => WHY_NOT_STARTED.has(what));
        const says = () =>
          `${rollout.rollout} was to start at ${spec.startAt}; it is ${state} and its history says nothing of it`;
        checks.expect(
          'schedule-kept',
          state !== 'scheduled' && (reason !== undefined || state === 'awaiting-approval'),
          says,
        );
        // What a person did is known to a person; what the control plane decided must be a notice.
        if (reason?.by !== 'control-plane') continue;
        const query = { action: `rollout.${reason.what}`, element: rollout.rollout };
        const { items: notices } = await auditor.must((api) => api.listAudit({ query }));
        checks.expect(
          'schedule-kept',
          notices.some(({ loud }) => loud),
          () => `${rollout.rollout} was to start at ${spec.startAt}; it is ${state}, and no notice says so`,
        );
      }
    },
  };
}
const WHY_NOT_STARTED = new Set(['paused', 'aborted', 'denied', 'expired', 'superseded']);

export function auditSuperseded({ stage, records }: AuditDeps): Audit {
  const { checks, server } = stage.world;
  const judged = new Set<string>();
  /** A robot that was left out after it got its stage had been taken: it left by a newer order, or nothing fitted it. */
  const membersOf = async ({ rollout, spec }: Rollout): Promise<ReadonlySet<RobotId>> => {
    const rows = await server.read((database) =>
      database
        .selectFrom('rollout_members')
        .select(['robot', 'stage', 'excluded'])
        .where('rollout', '=', rollout)
        .execute(),
    );
    const taken = rows.filter(
      ({ stage: of, excluded }) => spec.kind === 'rollback' || excluded === null || of !== null,
    );
    return new Set(taken.map(({ robot }) => robot as RobotId));
  };
  /** It had joined by then, and has not been decommissioned since. */
  const wasMemberAt = (robot: RobotId, at: Instant): boolean =>
    !stage.decommissioned.has(robot) && (stage.world.truth.runs(robot)[0]?.from ?? Infinity) <= at;

  return {
    async look() {
      const rollouts = await records.rollouts();
      for (const older of rollouts) {
        if (older.state !== 'superseded' || judged.has(older.rollout)) continue;
        judged.add(older.rollout);
        const { endedAt = 0 } = older;
        const newer = rollouts.find(({ rollout }) => rollout === older.followedBy);
        // One that had not started has no members yet: its target says which robots it means.
        const meant = older.startedAt === undefined ? stage.meantBy(older.spec.target) : await openAtEnd(older);
        const taken = newer ? await membersOf(newer) : new Set<RobotId>();
        const left = meant.filter((robot) => wasMemberAt(robot, endedAt) && !taken.has(robot));
        const says = () =>
          `${older.rollout} was superseded by ${newer?.rollout ?? 'nothing'}, which does not take ${left.length} of its ${meant.length} robots, such as ${left[0]}`;
        checks.expect('superseded-covered', left.length === 0, says, left[0]);
      }
    },
  };
  /** Robots of a started rollout that it had not finished with when it was superseded. */
  async function openAtEnd(older: Rollout): Promise<readonly RobotId[]> {
    const deployments = await records.deploymentsOfRollout(older.rollout);
    const { endedAt = 0 } = older;
    return deployments
      .filter((one) => one.state === 'cancelled' && (one.endedAt ?? 0) >= endedAt)
      .map(({ robot }) => robot);
  }
}
