/** A newer rollout takes every robot of an older one: the older one ends, and the people involved are notified. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { Instant } from '@fairlead/shared/time';
import { Overtaken } from './change-rollout.ts';
import { describePeople } from './describe-people.ts';
import { endRollout } from './end-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

const ATTEMPTS = 5;

export async function supersede(deps: RolloutDeps, older: Rollout, newer: Rollout, now: Instant): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await supersedeOnce(deps, older, newer, now);
    } catch (error) {
      if (!(error instanceof Overtaken) || attempt === ATTEMPTS) throw error;
      const fresh = await deps.store.rollouts.find(older.rollout);
      if (!fresh) return;
      older = fresh;
    }
  }
}

async function supersedeOnce(deps: RolloutDeps, older: Rollout, newer: Rollout, now: Instant): Promise<void> {
  const why = superseded(older, newer);
  await endRollout(deps, older, {
    state: 'superseded',
    by: 'control-plane',
    why: why.detail,
    now,
    followedBy: newer.rollout,
    stopped: why,
    inTransaction: (slices) =>
      deps.audit(slices, {
        by: 'control-plane',
        action: 'rollout.superseded',
        element: older.rollout,
        detail: `${why.detail} ${describePeople(older)}`,
        // A person waits for a rollout that never started, or that another person has replaced.
        loud: older.startedAt === undefined || older.createdBy !== newer.createdBy,
        at: now,
      }),
  });
}

const superseded = (older: Rollout, newer: Rollout): Refusal => ({
  phase: 'assign',
  component: older.spec.component,
  element: older.rollout,
  category: 'superseded',
  detail: `Rollout ${newer.rollout} of ${newer.createdBy} took every robot of ${older.rollout}${older.startedAt === undefined ? ', which had not started' : ''}.`,
  retryable: false,
  hint: `See fairlead rollout show ${newer.rollout}. Create a new rollout if the older release is wanted after all.`,
});
