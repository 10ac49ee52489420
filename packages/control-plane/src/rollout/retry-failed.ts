/** The robots on which a rollout failed get their order once more: the same stage, a new deployment. */
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Slices } from '../store/store.ts';

const AGAIN: readonly DeploymentState[] = ['failed', 'rolled-back', 'rejected', 'timed-out', 'quarantined'];
const PAGE = 500;

/** Answers how many. The old attempts stay in the history, counted no more. */
export async function retryFailed({ rollouts, deployments }: Slices, { rollout }: Rollout): Promise<number> {
  let again = 0;
  for (const state of AGAIN) {
    for (let after: RobotId | undefined; ; ) {
      const page = await rollouts.members(rollout, { state }, { after, limit: PAGE });
      for (const member of page) {
        const { deployed } = member;
        if (!deployed?.part) continue;
        const { stage: _counted, ...part } = deployed.part;
        await deployments.save({ ...deployed, part });
        await rollouts.place(rollout, member, undefined);
        again += 1;
      }
      after = page.at(-1)?.robot;
      if (page.length < PAGE) break;
    }
  }
  return again;
}
