/** A soak that watches: a stage does not pass while more of its robots are known to be degraded than may fail. */
import { allowanceOf } from '@fairlead/shared/rollout/rollout-spec';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Audit, AuditDeps } from './audit.ts';

/** From the acknowledgement of a report to the gate: the engine looks every few seconds, and a killed one comes back. */
const UNTIL_THE_GATE = 5 * MINUTE;

export function auditSoak({ stage, records }: AuditDeps): Audit {
  const { truth, checks } = stage.world;
  const judged = new Set<string>();
  return {
    async look() {
      for (const { rollout, spec, stages } of await records.rollouts()) {
        if (spec.kind !== 'deploy') continue;
        const deployments = await records.deploymentsOfRollout(rollout);
        for (const [index, progress] of stages.entries()) {
          const { endedAt, state, promotedBy, size } = progress;
          const key = `${rollout} ${index}`;
          const { soakSec = 0, gate } = spec.stages[index] ?? {};
          if (soakSec === 0 || promotedBy !== undefined || judged.has(key)) continue;
          const known = deployments.filter(
            (one) =>
              one.stage === index && truth.health(one.robot).some((change) => change.deployment === one.deployment),
          );
          if (known.length === 0 || state === 'pending' || state === 'running' || state === 'soaking') continue;
          judged.add(key);
          if (state !== 'passed' || endedAt === undefined) {
            checks.expect('soak-watched', true, () => '');
            continue;
          }
          const degraded = known.filter((one) => {
            const before = truth
              .health(one.robot)
              .filter((change) => change.deployment === one.deployment && change.at <= endedAt);
            const last = before.at(-1);
            return (
              !one.failureAccepted &&
              last?.state === 'degraded' &&
              last.deliveredAt !== undefined &&
              last.deliveredAt < endedAt - UNTIL_THE_GATE
            );
          });
          const allowed = allowanceOf(gate?.maxFailures ?? 0, size);
          const says = () =>
            `stage ${index + 1} of ${rollout} passed at ${toTimestamp(endedAt)} with ${degraded.length} of ${size} robots degraded, such as ${degraded[0]?.robot}; ${allowed} may fail`;
          checks.expect('soak-watched', degraded.length <= allowed, says, degraded[0]?.robot);
        }
      }
    },
  };
}
