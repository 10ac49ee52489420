/** Rollouts as an operator sees them: fixed cohorts, no endless silence, and an end, or a reason why not. */
import { type DeploymentState, isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Person } from '../world/people.ts';
import type { Audit, AuditDeps } from './audit.ts';

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
  'metric',
  'metric_unknown',
]);

export function auditRollouts({ stage }: AuditDeps, auditor: Person): Audit {
  const { world, checks } = stage;
  const { agenda, server } = world;
  /** Ended, and looked at since. */
  const over = new Set<RolloutId>();
  /** Robots of each stage that has begun, as first seen. */
  const cohorts = new Map<string, ReadonlySet<RobotId>>();

  const lookAtRollout = async (rollout: RolloutId, last: boolean): Promise<void> => {
    if (over.has(rollout)) return;
    const view = await auditor.must((api) => api.showRollout({ params: { rollout } }));
    await lookAtCohorts(rollout, view.spec.newRobots === 'include');
    if (hasEnded(view.state)) over.add(rollout);
    if (!last) return;
    const { blocked } = view;
    const reason = blocked?.why.category ?? 'nothing';
    const says = () =>
      `${rollout} (${view.spec.strategy} of ${view.spec.version}) is ${view.state}, stage ${view.stage + 1}; it says ${reason}: ${blocked?.why.detail}; ${JSON.stringify(view.stages.map(({ state, counts }) => ({ state, ...counts })))}`;
    checks.expect('stages-converge', hasEnded(view.state) || WAITS_FOR_A_PERSON.has(reason), says);
  };
  const lookAtCohorts = async (rollout: RolloutId, mayGrow: boolean): Promise<void> => {
    const rows = await server.read((database) =>
      database
        .selectFrom('rollout_members')
        .select(['robot', 'stage'])
        .where('rollout', '=', rollout)
        .where('excluded', 'is', null)
        .where('stage', 'is not', null)
        .execute(),
    );
    for (const [index, members] of Map.groupBy(rows, ({ stage: of }) => Number(of))) {
      const key = `${rollout} ${index}`;
      const before = cohorts.get(key);
      const now = new Set(members.map(({ robot }) => robot as RobotId));
      cohorts.set(key, now);
      if (!before) continue;
      const came = [...now].find((robot) => !before.has(robot));
      const says = () => `${came} came to stage ${index + 1} of ${rollout}, which had begun`;
      checks.expect('cohorts-fixed', mayGrow || came === undefined, says, came);
    }
  };

  const lookForSilence = async (): Promise<void> => {
    const rows = await server.read((database) =>
      database
        .selectFrom('deployments')
        .innerJoin('rollouts', 'rollouts.rollout', 'deployments.rollout')
        .select(['deployments.robot', 'deployments.deployment', 'deployments.state', 'deadline'])
        // A deployment that timed out has no deadline any more, and is the case in which the promise was kept.
        .where(({ eb, or }) =>
          or([eb('deadline', '<', toTimestamp(agenda.now() - LATE)), eb('deployments.state', '=', 'timed-out')]),
        )
        .where('rollouts.state', 'in', ['running', 'completed', 'ended-without-robots'])
        .execute(),
    );
    if (rows.length === 0) return;
    const open = rows.find(({ state }) => !isTerminal(state as DeploymentState));
    const says = () => `${open?.deployment} of ${open?.robot} is ${open?.state}, its time ended at ${open?.deadline}`;
    checks.expect('silence-times-out', open === undefined, says, open?.robot);
  };

  /** What was called off is called off on every robot, even if the server died in the middle of it. */
  const lookForOrphans = async (): Promise<void> => {
    const rows = await server.read((database) =>
      database
        .selectFrom('deployments')
        .innerJoin('rollouts', 'rollouts.rollout', 'deployments.rollout')
        .select(['deployments.robot', 'deployments.rollout', 'deployments.state', 'rollouts.state as of'])
        .where('rollouts.state', 'in', ['aborted', 'superseded'])
        .execute(),
    );
    const orphan = rows.find(({ state }) => !isTerminal(state as DeploymentState));
    const says = () =>
      `${orphan?.rollout} is ${orphan?.of}, and its order of ${orphan?.robot} is still ${orphan?.state}`;
    checks.expect('stages-converge', orphan === undefined, says, orphan?.robot);
  };

  return {
    async look(last) {
      for (let cursor: string | undefined; ; ) {
        const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
        const { items, next } = await auditor.must((api) => api.listRollouts({ query }));
        for (const { rollout } of items) await lookAtRollout(rollout, last);
        cursor = next;
        if (cursor === undefined) break;
      }
      // A server that has just come back drives its rollouts first.
      if (agenda.now() - server.upSince() > LATE) await lookForSilence();
      if (last) await lookForOrphans();
    },
  };
}
