/**
 * Records the health of committed releases as a check-in states it. Reports state the same more exactly, but a check-in
 * may arrive before a report that waits in the robot's outbox, and it ends a silence.
 */
import { withDegradation, withoutDegradation } from '@fairlead/shared/fleet/degradation';
import { isFulfilled } from '@fairlead/shared/fleet/deployment';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { saveHealth } from '../assign/save-health.ts';
import { hasChangedSince } from '../fleet/observed-at.ts';
import { unhealthy } from '../report/apply-health.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Store } from '../store/store.ts';
import { measuredHealth } from './measured-health.ts';

export interface RecordHealthDeps {
  readonly store: Store;
  /** Whether the robot may change one more thing now: see change-limit.ts. */
  readonly mayChange: (robot: RobotId) => boolean;
  /** Lets the engine look at a rollout whose counts have changed. */
  readonly poke: (rollout: RolloutId) => void;
}

/** Answers whether it wrote something: a check-in that brings nothing new does not, nor one that is older than what is known. */
export async function recordHealth(
  { store, mayChange, poke }: RecordHealthDeps,
  robot: RobotId,
  deployments: readonly Deployment[],
  facts: RobotFacts,
  now: Instant,
): Promise<boolean> {
  const changed = deployments.filter((deployment) => afterCheckIn(deployment, facts) !== deployment);
  if (changed.length === 0 || !mayChange(robot)) return false;
  const rollouts: RolloutId[] = [];
  let written = 0;
  await store.transaction(async (slices) => {
    for (const { deployment } of changed) {
      const found = await slices.deployments.find(deployment);
      const next = found && afterCheckIn(found, facts);
      if (!next || next === found || (await hasChangedSince(slices, found, facts, now))) continue;
      rollouts.push(...(await saveHealth(slices, found, next, now)).rollouts);
      written += 1;
    }
  });
  for (const rollout of rollouts) poke(rollout);
  return written > 0;
}

/** The robot is not silent any more; its health counts where it runs the release that it was ordered. */
function afterCheckIn(deployment: Deployment, facts: RobotFacts): Deployment {
  if (!isFulfilled(deployment.state)) return deployment;
  const seen = withoutDegradation(deployment, ({ source }) => source === 'silence');
  const reported = facts.components?.find(({ component }) => component === deployment.component);
  if (reported?.active?.manifestSha256 !== deployment.manifestSha256) return seen;
  switch (measuredHealth(reported, facts)) {
    case 'degraded':
      return withDegradation(seen, { source: 'health', refusal: reported.health?.refusal ?? unhealthy(deployment) });
    case 'healthy':
      return withoutDegradation(seen, ({ source }) => source === 'health');
    case 'not-monitored':
      // Reports on their way state the same more exactly.
      return facts.unsentReports === 0 ? withoutDegradation(seen, ({ source }) => source === 'health') : seen;
    case 'unknown':
      return seen;
  }
}
