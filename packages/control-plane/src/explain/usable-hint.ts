/** Advice that was right when an order ended may be refused now: its rollout was aborted, superseded or undone since. */
import { sayRelease } from '@fairlead/shared/ids';
import { RETRY_STATES } from '@fairlead/shared/rollout/states';
import type { Deployment } from '../store/deployments.ts';
import type { Store } from '../store/store.ts';

/** The order, with a hint that a person can follow now. */
export async function withUsableHint({ rollouts }: Pick<Store, 'rollouts'>, order: Deployment): Promise<Deployment> {
  const { refusal, part, robot } = order;
  if (!refusal || !part || !refusal.hint.includes(`fairlead rollout retry ${part.rollout}`)) return order;
  const rollout = await rollouts.find(part.rollout);
  if (rollout && RETRY_STATES.includes(rollout.state) && rollout.followedBy === undefined) return order;
  const hint =
    rollout?.followedBy === undefined
      ? `Order it again if it is wanted: fairlead deploy --robot ${robot} --release ${sayRelease(order)}`
      : `See fairlead rollout show ${rollout.followedBy}, which came after it.`;
  return { ...order, refusal: { ...refusal, hint } };
}
