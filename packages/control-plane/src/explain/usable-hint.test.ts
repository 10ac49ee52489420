import type { RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { ROLLOUT_STATES, type RolloutState } from '@fairlead/shared/rollout/states';
import { expect, test } from 'vitest';
import { deployment, RO, rollout } from '../store/testing/stored-rollout.ts';
import { withUsableHint } from './usable-hint.ts';

const timedOut = {
  ...deployment(1, 'timed-out'),
  refusal: {
    phase: 'assign',
    element: RO,
    category: 'timed_out',
    detail: 'Its time ran out.',
    retryable: true,
    hint: `fairlead rollout retry ${RO}`,
  },
} as const;

async function hintFor(change: Partial<Rollout>): Promise<string | undefined> {
  const found = { ...rollout(), ...change };
  const rollouts = { find: async () => found } as unknown as Parameters<typeof withUsableHint>[0]['rollouts'];
  return (await withUsableHint({ rollouts }, timedOut)).refusal?.hint;
}

const ACCEPTS_RETRY: readonly RolloutState[] = ['running', 'paused', 'halted', 'completed', 'ended-without-robots'];

test.each(ROLLOUT_STATES)(
  'a robot of a rollout that is %s is advised to retry only where retry is accepted',
  async (state) => {
    const hint = await hintFor({ state });
    if (ACCEPTS_RETRY.includes(state)) expect(hint).toBe(timedOut.refusal.hint);
    else expect(hint).toContain('fairlead deploy --robot duck-1 --release duck@1.0.0');
  },
);

test('a robot of a rollout that was undone is referred to the rollback', async () => {
  const followedBy = 'ro_0000000002' as RolloutId;
  expect(await hintFor({ state: 'completed', followedBy })).toContain(`fairlead rollout show ${followedBy}`);
});
