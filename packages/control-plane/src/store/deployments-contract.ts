import type { ComponentName, RobotId } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import type { Deployment } from './deployments.ts';
import { FIRST_EVENTS, NEWEST_EVENTS } from './kysely-deployments.ts';
import type { Store } from './store.ts';
import { saveRobot, storedDeployment } from './testing/stored-deployment.ts';

const duck1 = 'duck-1' as RobotId;
const refusal = { phase: 'switch', element: 'x', category: 'io', detail: 'd', retryable: true, hint: 'h' } as const;

const deployment = (id: number, more: Partial<Deployment> = {}): Deployment => storedDeployment(id, duck1, more);

/** A store that knows two robots. */
async function withRobots(open: () => Promise<Store>): Promise<Store> {
  const store = await open();
  for (const robot of [duck1, 'duck-2' as RobotId]) await saveRobot(store, robot);
  return store;
}
const save = ({ deployments }: Store, of: Deployment) =>
  deployments.save(of, { at: of.createdAt, state: of.state, by: of.createdBy });

export function describeDeployments(open: () => Promise<Store>): void {
  describe('deployments', () => {
    test('are found as saved last, with every event in order', async () => {
      const store = await withRobots(open);
      await save(store, deployment(1, { reason: 'new gait', allowDowngrade: true, kind: 'rollback' }));
      const failed = deployment(1, { state: 'failed', endedAt: 2000, refusal, repairs: 2 });
      await store.deployments.save(failed, { at: 2000, state: 'failed', by: 'duck-1', refusal });
      expect(await store.deployments.find(failed.deployment)).toEqual(failed);
      expect(await store.deployments.events(failed.deployment)).toEqual([
        { at: 1000, state: 'pending', by: 'eve' },
        { at: 2000, state: 'failed', by: 'duck-1', refusal },
      ]);
    });

    test('attack 106: keep their first and their newest events, however many a robot makes', async () => {
      const store = await withRobots(open);
      const id = deployment(1).deployment;
      const all = FIRST_EVENTS + NEWEST_EVENTS + 3;
      await store.transaction(async ({ deployments }) => {
        for (let at = 1; at <= all; at += 1)
          await deployments.save(deployment(1), { at, state: 'degraded', by: 'duck-1' });
      });
      const kept = (await store.deployments.events(id)).map(({ at }) => at);
      expect([kept.length, kept[FIRST_EVENTS - 1], kept[FIRST_EVENTS], kept.at(-1)]).toEqual([500, 50, 54, 503]);
    });

    test('are listed newest first, page by page, and counted by state', async () => {
      const store = await withRobots(open);
      for (const id of [3, 1, 2]) await save(store, deployment(id, id === 2 ? { state: 'failed' } : {}));
      await save(store, deployment(4, { robot: 'duck-2' as RobotId }));
      const ids = async (...[filter, page]: Parameters<typeof store.deployments.list>) =>
        (await store.deployments.list(filter, page)).map((each) => Number(each.deployment.slice(4)));
      expect(await ids({ robot: duck1 }, { limit: 2 })).toEqual([3, 2]);
      expect(await ids({ robot: duck1 }, { limit: 2, after: deployment(2).deployment })).toEqual([1]);
      expect(await ids({ state: 'failed' }, { limit: 9 })).toEqual([2]);
      expect(await ids({ component: 'nav' as ComponentName }, { limit: 9 })).toEqual([]);
      expect(await store.deployments.counts()).toEqual(
        new Map([
          ['failed', 1],
          ['pending', 3],
        ]),
      );
    });
  });

  describe('desired state', () => {
    test('is one deployment per component, by name, with a generation that rises', async () => {
      const store = await withRobots(open);
      expect(await store.desired.of(duck1)).toEqual({ generation: 0, deployments: [] });
      const nav = deployment(2, { component: 'nav' as ComponentName, reason: 'r', endedAt: 5, refusal });
      for (const each of [nav, deployment(1), deployment(3)]) await save(store, each);
      expect(await store.desired.raise(duck1)).toBe(1);
      for (const each of [nav, deployment(1), deployment(3)]) {
        await store.desired.set(duck1, each.component, each.deployment);
      }
      expect(await store.desired.raise(duck1)).toBe(2);
      expect(await store.desired.of(duck1)).toEqual({ generation: 2, deployments: [deployment(3), nav] });
      expect((await store.desired.all()).get(duck1)).toEqual([deployment(3), nav]);
      expect([...(await store.desired.named([duck1, 'nobody' as RobotId]))]).toEqual([[duck1, [deployment(3), nav]]]);
      expect((await store.desired.named([])).size).toBe(0);
      await store.desired.unset(duck1, nav.component);
      await store.desired.unset(duck1, deployment(3).component);
      expect(await store.desired.of(duck1)).toEqual({ generation: 2, deployments: [] });
    });

    test('has a generation that can be lifted above what a robot has obeyed, and never sinks', async () => {
      const { desired } = await withRobots(open);
      expect(await desired.raise(duck1, 42)).toBe(42);
      expect(await desired.raise(duck1, 7)).toBe(43);
      expect(await desired.raise('duck-2' as RobotId)).toBe(1);
      expect(await desired.raise('duck-2' as RobotId, 42)).toBe(42);
    });
  });

  describe('reports', () => {
    test('are one chain per key, each place taken once', async () => {
      const { reports } = await withRobots(open);
      const keyid = sha256Hex('key');
      const report = (seq: number) => ({
        keyid,
        seq,
        sha256: sha256Hex(String(seq)),
        robot: duck1,
        envelope: { payloadType: 't', payload: 'p', signatures: [{ keyid, sig: 's' }] },
        receivedAt: 1000,
      });
      expect(await reports.head(keyid)).toBeUndefined();
      for (const seq of [1, 2, 10]) await reports.add(report(seq));
      expect(await reports.head(keyid)).toEqual({ seq: 10, sha256: sha256Hex('10') });
      expect(await reports.find(keyid, 2)).toEqual({ seq: 2, sha256: sha256Hex('2') });
      expect(await reports.find(keyid, 3)).toBeUndefined();
      expect(await reports.head(sha256Hex('another key'))).toBeUndefined();
      await expect(reports.add(report(2))).rejects.toThrow();
    });
  });
}
