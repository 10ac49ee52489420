import { describe, expect, test } from 'vitest';
import type { Store } from './store.ts';
import { deployment, RO, withRollout } from './testing/stored-rollout.ts';

export function describeAcceptedFailures(open: () => Promise<Store>): void {
  describe('failures of a rollout', () => {
    test('are accepted robot by robot, and are counted so through every later change', async () => {
      const { rollouts, deployments } = await withRollout(open);
      await deployments.save(deployment(1, 'degraded'));
      await deployments.save(deployment(2, 'failed'));
      await deployments.save(deployment(3, 'succeeded'));
      // Timed out without a grant: that is no failure, and with one it is.
      await deployments.save(deployment(4, 'timed-out'));
      await deployments.save(deployment(5, 'timed-out', { grantedAt: 2 }));
      const tally = async () => {
        const { states, accepted, silent } = (await rollouts.tallies(RO)).get(0) ?? {};
        return { states, accepted, silent };
      };
      const states = { degraded: 1, failed: 1, succeeded: 1, 'timed-out': 2 };
      expect(await tally()).toEqual({ states, accepted: 0, silent: 1 });
      await rollouts.acceptFailures(RO);
      await rollouts.acceptFailures(RO);
      expect(await tally()).toEqual({ states, accepted: 3, silent: 1 });
      const recovered = await deployments.find(deployment(1, 'degraded').deployment);
      if (!recovered) throw new Error('it was saved');
      expect(recovered.part?.failureAccepted).toBe(true);
      await deployments.save({ ...recovered, state: 'succeeded' });
      await deployments.save(deployment(3, 'degraded'));
      expect(await tally()).toEqual({
        states: { degraded: 1, failed: 1, succeeded: 1, 'timed-out': 2 },
        accepted: 2,
        silent: 1,
      });
      await deployments.save({ ...recovered, state: 'degraded' });
      expect((await tally()).accepted).toBe(3);
    });
  });
}
