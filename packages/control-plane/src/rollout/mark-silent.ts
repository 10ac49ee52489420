/** Robots of a stage that soaks and that stopped checking in: each counts as a failure until it is back. */
import type { Refusal } from '@fairlead/shared/failure';
import { withDegradation } from '@fairlead/shared/fleet/degradation';
import type { RobotId } from '@fairlead/shared/ids';
import { nameOf } from '@fairlead/shared/rollout/hold-reasons';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import { changeRollout } from './change-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

const BATCH_SIZE = 40;

export async function markSilent(deps: RolloutDeps, rollout: Rollout, now: Instant): Promise<void> {
  // Another replica may have received their check-ins.
  await deps.freshFacts();
  const silent = await deps.soak.silentRobots(deps.store, rollout, now);
  await deps.store.transaction(async (slices) => {
    await changeRollout(slices, rollout, {}, now);
    for (const { robot, deployment } of silent.slice(0, BATCH_SIZE)) {
      const found = await slices.deployments.find(deployment);
      if (found?.state !== 'succeeded') continue;
      const refusal = stoppedCheckingIn(rollout, robot, deps.lastSeen(robot));
      const next = withDegradation(found, { source: 'silence', refusal });
      await slices.deployments.save(next, { at: now, state: next.state, by: 'control-plane', refusal });
    }
  });
}

function stoppedCheckingIn(rollout: Rollout, robot: RobotId, lastSeen: Instant | undefined): Refusal {
  const stage = rollout.spec.stages[rollout.stage];
  const name = stage ? nameOf(rollout, stage) : `${rollout.stage + 1}`;
  const last = lastSeen === undefined ? 'it never checked in' : `its last check-in was at ${toTimestamp(lastSeen)}`;
  return {
    phase: 'check-in',
    component: rollout.spec.component,
    element: robot,
    category: 'silent',
    detail: `${robot} stopped checking in while stage ${name} of ${rollout.rollout} soaked; ${last}.`,
    retryable: true,
    hint: 'Check its power, its network and that fairlead-agent runs. Its next healthy check-in clears this.',
  };
}
