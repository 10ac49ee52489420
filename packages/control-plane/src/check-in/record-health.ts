/**
 * Records the health of committed releases as a check-in states it. Reports state the same more exactly, but a check-in
 * may arrive before a report that waits in the robot's outbox, and it ends a silence.
 */
import { withDegradation, withoutDegradation } from '@fairlead/shared/fleet/degradation';
import { isCommitted } from '@fairlead/shared/fleet/deployment';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { unhealthy } from '../report/apply-health.ts';
import type { Deployment } from '../store/deployments.ts';
import type { Desired } from '../store/desired.ts';
import type { Store } from '../store/store.ts';

export interface RecordHealthDeps {
  readonly store: Store;
  /** Whether the robot may change one more thing now: see change-limit.ts. */
  readonly mayChange: (robot: RobotId) => boolean;
}

/** Answers the rollouts whose counts it changed. A check-in that brings nothing new writes nothing. */
export async function recordHealth(
  { store, mayChange }: RecordHealthDeps,
  { deployments }: Desired,
  robot: RobotId,
  components: readonly ComponentState[],
  now: Instant,
): Promise<readonly RolloutId[]> {
  const changed = deployments.filter((deployment) => afterCheckIn(deployment, components) !== deployment);
  if (changed.length === 0 || !mayChange(robot)) return [];
  return store.transaction(async (slices) => {
    const rollouts: RolloutId[] = [];
    for (const { deployment } of changed) {
      const found = await slices.deployments.find(deployment);
      const next = found && afterCheckIn(found, components);
      if (!next || next === found) continue;
      const { state, refusal, part } = next;
      await slices.deployments.save(next, { at: now, state, by: robot, ...(refusal && { refusal }) });
      if (part) rollouts.push(part.rollout);
    }
    return rollouts;
  });
}

/** The robot is not silent any more; its health counts where it runs the release that it was ordered. */
function afterCheckIn(deployment: Deployment, components: readonly ComponentState[]): Deployment {
  if (!isCommitted(deployment.state)) return deployment;
  const seen = withoutDegradation(deployment, ({ source }) => source === 'silence');
  const reported = components.find(({ component }) => component === deployment.component);
  if (reported?.active?.manifestSha256 !== deployment.manifestSha256) return seen;
  switch (reported.health?.state) {
    case 'degraded':
      return withDegradation(seen, { source: 'health', refusal: reported.health.refusal ?? unhealthy(deployment) });
    case 'healthy':
      return withoutDegradation(seen, ({ source }) => source === 'health');
    case 'unknown':
    case undefined:
      return seen;
  }
}
