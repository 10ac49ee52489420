import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeApproval } from './approval.ts';
import type { Vote } from './rollout.ts';

const vote = fc.record({
  by: fc.constantFrom('ann', 'ben', 'cem', 'dora'),
  at: fc.nat(100),
  verdict: fc.constantFrom('approved', 'denied'),
}) satisfies fc.Arbitrary<Vote>;

test('nobody approves alone what they made, however often they say so', () => {
  const votes: Vote[] = [1, 2, 3].map((at) => ({ by: 'ann', at, verdict: 'approved' }));
  expect(judgeApproval({ needed: 1, expiresAt: 100, votes }, 'ann', 50)).toEqual({
    approval: 'waiting',
    have: 0,
    need: 1,
  });
});

test('one denial is the end, and time ends what was never agreed to', () => {
  fc.assert(
    fc.property(fc.array(vote), fc.integer({ min: 1, max: 2 }), fc.nat(200), (votes, needed, now) => {
      const { approval } = judgeApproval({ needed, expiresAt: 100, votes }, 'ann', now);
      const others = new Set(votes.filter(({ by }) => by !== 'ann').map(({ by }) => by)).size;
      if (votes.some(({ verdict }) => verdict === 'denied')) expect(approval).toBe('denied');
      else if (others >= needed) expect(approval).toBe('approved');
      else expect(approval).toBe(now >= 100 ? 'expired' : 'waiting');
    }),
  );
});
