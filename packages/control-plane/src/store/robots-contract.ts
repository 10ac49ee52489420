import type { RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { EnrolmentToken } from './enrolment-tokens.ts';
import type { RobotRecord } from './robots.ts';
import type { Store } from './store.ts';

const robot = (name: string, more: Partial<RobotRecord> = {}): RobotRecord => ({
  robot: name as RobotId,
  lifecycle: 'pending',
  environment: 'staging',
  labels: {},
  keyid: sha256Hex(name),
  enrolledAt: 1_000,
  ...more,
});
const token = (id: string, more: Partial<EnrolmentToken> = {}): EnrolmentToken => ({
  id,
  secretSha256: sha256Hex(id),
  environment: 'staging',
  createdBy: 'eve',
  createdAt: 1_000,
  expiresAt: 5_000,
  ...more,
});

export function describeRobots(open: () => Promise<Store>): void {
  describe('robots', () => {
    test('a robot is found as saved last, and all come by name', async () => {
      const { robots } = await open();
      await robots.save(robot('duck'));
      const changed = robot('duck', {
        lifecycle: 'accepted',
        group: 'birds',
        labels: { line: '3' },
        quarantined: {
          phase: 'report',
          element: 'duck',
          category: 'fork',
          detail: 'Two.',
          retryable: false,
          hint: 'Look.',
        },
      });
      await robots.save(changed);
      await robots.save(robot('adder'));
      expect(await robots.find('duck' as RobotId)).toEqual(changed);
      expect((await robots.all()).map((one) => one.robot)).toEqual(['adder', 'duck']);
      expect((await robots.page(undefined, 1)).map((one) => one.robot)).toEqual(['adder']);
      expect((await robots.page('adder' as RobotId, 5)).map((one) => one.robot)).toEqual(['duck']);
      expect([await robots.count('pending'), await robots.count('rejected')]).toEqual([1, 0]);
    });

    test('a key is enrolled once, and once blocked it stays blocked since that time', async () => {
      const { robots } = await open();
      await robots.save(robot('duck'));
      await robots.save(robot('goose'));
      const key = { keyid: sha256Hex('duck'), robot: 'duck' as RobotId, publicKey: 'ab'.repeat(32), addedAt: 1_000 };
      expect(await robots.insertKey(key)).toBe(true);
      expect(await robots.insertKey({ ...key, robot: 'goose' as RobotId })).toBe(false);
      await robots.blockKey(key.keyid, 2_000);
      await robots.blockKey(key.keyid, 3_000);
      expect(await robots.findKey(key.keyid)).toEqual({ ...key, blockedAt: 2_000 });
    });

    test('what a robot said is kept apart from its record', async () => {
      const { robots, presence } = await open();
      await robots.save(robot('duck'));
      await robots.save(robot('goose'));
      const goose = { robot: 'goose' as RobotId, facts: { bootId: 'g' } };
      await presence.saveAll([{ robot: 'duck' as RobotId, facts: {} }, goose]);
      const heard = { robot: 'duck' as RobotId, lastSeen: 7_000, facts: { bootId: 'b' } };
      await presence.saveAll([heard]);
      await presence.saveAll([]);
      await robots.save(robot('duck', { group: 'birds' }));
      expect((await presence.since(-1)).heard.toSorted((a, b) => a.robot.localeCompare(b.robot))).toEqual([
        heard,
        goose,
      ]);
    });

    test('what robots said is read on from where one left off, thousands at once', async () => {
      const store = await open();
      const names = Array.from({ length: 1200 }, (_, at) => `duck-${String(at).padStart(4, '0')}`);
      await store.transaction(async ({ robots }) => {
        for (const name of names) await robots.save(robot(name));
      });
      const say = (which: readonly string[]) =>
        store.transaction(({ presence }) =>
          presence.saveAll(which.map((name) => ({ robot: name as RobotId, lastSeen: 1_000, facts: {} }))),
        );
      const first = await say(names);
      const second = await say(names.slice(0, 2));
      expect(second).toBeGreaterThan(first);
      expect((await store.presence.since(-1)).heard).toHaveLength(1200);
      const { revision, heard } = await store.presence.since(first);
      expect(heard.map((one) => one.robot).sort()).toEqual(names.slice(0, 2));
      expect(await store.presence.since(revision)).toEqual({ revision, heard: [] });
    });
  });

  describe('enrolment tokens', () => {
    test('a token is used by exactly one robot, whoever asks at once', async () => {
      const store = await open();
      await store.enrolmentTokens.insert(token('t1'));
      const use = (name: string) =>
        store.transaction(({ enrolmentTokens }) => enrolmentTokens.use('t1', name as RobotId, 2_000));
      const used = await Promise.all(['a', 'b', 'c'].map(use));
      expect(used.filter(Boolean)).toHaveLength(1);
      expect((await store.enrolmentTokens.find(sha256Hex('t1')))?.usedBy).toBe(['a', 'b', 'c'][used.indexOf(true)]);
    });

    test('a token is found with what it is bound to', async () => {
      const { enrolmentTokens } = await open();
      const bound = token('t1', { robot: 'duck' as RobotId, group: 'birds', labels: { line: '3' } });
      await enrolmentTokens.insert(bound);
      expect(await enrolmentTokens.find(sha256Hex('t1'))).toEqual(bound);
    });

    test('usable are those that are neither used nor expired nor removed', async () => {
      const { enrolmentTokens } = await open();
      for (const one of [token('t1'), token('t2'), token('t3'), token('t4', { expiresAt: 2_000 })]) {
        await enrolmentTokens.insert(one);
      }
      await enrolmentTokens.use('t1', 'duck' as RobotId, 1_500);
      expect(await enrolmentTokens.remove('t2')).toBe(true);
      expect(await enrolmentTokens.remove('t2')).toBe(false);
      expect((await enrolmentTokens.usable(2_000)).map(({ id }) => id)).toEqual(['t3']);
    });
  });
}
