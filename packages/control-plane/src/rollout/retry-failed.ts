/** The robots on which a rollout failed, or that did not end it, get their order once more: the same stage, a new deployment. */
import { type DeploymentState, isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

const AGAIN: readonly DeploymentState[] = [
  'failed',
  'rolled-back',
  'rejected',
  'timed-out',
  'quarantined',
  'cancelled',
];
const PAGE = 500;

/** Answers how many. The old attempts stay in the history, counted no more. */
export async function retryFailed(slices: Slices, { rollout }: Rollout): Promise<number> {
  const { rollouts, deployments } = slices;
  let again = 0;
  for (const state of AGAIN) {
    for (let after: RobotId | undefined; ; ) {
      const page = await rollouts.members(rollout, { state }, { after, limit: PAGE });
      for (const member of page) {
        const { deployed } = member;
        if (!deployed?.part || (await isOnItsWay(slices, deployed))) continue;
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

/** Passed over by a rollback, it keeps its order to go back: that one waits for its return. */
async function isOnItsWay({ desired }: Slices, passedOver: Deployment): Promise<boolean> {
  if (passedOver.kind !== 'rollback') return false;
  const { deployments } = await desired.of(passedOver.robot);
  return deployments.some(
    ({ component, kind, state }) => component === passedOver.component && kind === 'rollback' && !isTerminal(state),
  );
}
