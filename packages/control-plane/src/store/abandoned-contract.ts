import type { ComponentName, DeploymentId, RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { AbandonedRelease } from './abandoned.ts';
import { MOST_ABANDONED_PER_ROBOT } from './kysely-abandoned.ts';
import { publishedRelease } from './releases-contract.ts';
import type { Store } from './store.ts';

const robot = 'duck-1' as RobotId;
const component = 'duck' as ComponentName;
const rollback = 'dep_0000000001' as DeploymentId;

const abandoned = (content: string, more: Partial<AbandonedRelease> = {}): AbandonedRelease => ({
  robot,
  component,
  version: publishedRelease('duck@1.0.0').version,
  manifestSha256: sha256Hex(content),
  at: 1000,
  by: 'eve',
  ...more,
});

export function describeAbandoned(open: () => Promise<Store>): void {
  describe('releases that a robot was rolled back from', () => {
    test('are listed newest first, of that robot and component alone', async () => {
      const store = await open();
      const older = abandoned('older', { deployment: rollback, reason: 'drops cups' });
      const newer = abandoned('newer', { at: 2000 });
      for (const each of [older, newer, abandoned('older', { robot: 'duck-2' as RobotId })]) {
        await store.abandoned.save(each);
      }
      await store.abandoned.save(abandoned('older', { component: 'nav' as ComponentName }));
      expect(await store.abandoned.of(robot, component)).toEqual([newer, older]);
    });

    test('are recorded once, as they were left last', async () => {
      const store = await open();
      await store.abandoned.save(abandoned('a'));
      const again = abandoned('a', { at: 3000, by: 'ann', deployment: rollback });
      await store.abandoned.save(again);
      expect(await store.abandoned.of(robot, component)).toEqual([again]);
    });

    test('are forgotten by an order that was given after they were left, and by no earlier one', async () => {
      const store = await open();
      await store.abandoned.save(abandoned('a'));
      await store.abandoned.forget(abandoned('a'), 1000);
      expect(await store.abandoned.of(robot, component)).toHaveLength(1);
      await store.abandoned.forget(abandoned('a'), 1001);
      expect(await store.abandoned.of(robot, component)).toEqual([]);
    });

    test('are forgotten when the rollback that would have left them is withdrawn', async () => {
      const store = await open();
      await store.abandoned.save(abandoned('a', { deployment: rollback }));
      await store.abandoned.save(abandoned('b'));
      await store.abandoned.forgetLeftBy(rollback);
      expect(await store.abandoned.of(robot, component)).toEqual([abandoned('b')]);
    });

    test('are bounded: those that a robot invents push out its own oldest, and none of another robot', async () => {
      const store = await open();
      const other = abandoned('a', { robot: 'duck-2' as RobotId, at: 0 });
      await store.abandoned.save(other);
      for (let n = 0; n < MOST_ABANDONED_PER_ROBOT + 5; n += 1) {
        await store.abandoned.save(abandoned(`${n}`, { at: 1000 + n }));
      }
      const kept = await store.abandoned.of(robot, component);
      expect([kept.length, kept.at(-1)]).toEqual([MOST_ABANDONED_PER_ROBOT, abandoned('5', { at: 1005 })]);
      expect(await store.abandoned.of(other.robot, component)).toEqual([other]);
    });
  });
}
