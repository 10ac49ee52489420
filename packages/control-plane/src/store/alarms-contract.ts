import type { Refusal } from '@fairlead/shared/failure';
import { ALARM_STATES } from '@fairlead/shared/fleet/alarm';
import type { RobotId } from '@fairlead/shared/ids';
import { HOUR } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { ACTIVE_DAMAGED } from '../testing/active-damaged.ts';
import type { Alarms } from './alarms.ts';
import { MOST_RESOLVED_PER_ROBOT, MOST_UNRESOLVED_PER_ROBOT } from './kysely-alarms.ts';
import type { Store } from './store.ts';

const DUCK = 'duck-1' as RobotId;
const NOON = Date.parse('2026-11-28T12:00:00Z');
const damaged = (more: Partial<Refusal> = {}): Refusal => ({ ...ACTIVE_DAMAGED, ...more });
const byHand = { at: NOON, by: 'ann', how: 'by-hand', reason: 'replaced the disk' } as const;

export function describeAlarms(open: () => Promise<Store>): void {
  const world = async () => {
    const { alarms } = await open();
    let made = 0;
    const raise = async (refusal = damaged(), at = NOON, robot = DUCK): Promise<string> => {
      const id = `al_${String((made += 1)).padStart(10, '0')}`;
      await alarms.raise({ id, robot, refusal, at });
      return id;
    };
    const ids = async (states: Parameters<Alarms['list']>[0]['states'] = ALARM_STATES) =>
      (await alarms.list({ states }, { limit: 100 })).map(({ id }) => id);
    return { alarms, raise, ids };
  };

  describe('alarms of robots', () => {
    test('the same alarm again is counted and keeps its first time and its acknowledgement', async () => {
      const { alarms, raise, ids } = await world();
      const id = await raise();
      expect(await alarms.acknowledge(id, { at: NOON + 1, by: 'ann', reason: 'on my way' })).toBe(true);
      await raise(damaged({ detail: 'It is worse now.' }), NOON + HOUR);
      expect(await ids()).toEqual([id]);
      expect(await alarms.find(id)).toEqual({
        id,
        robot: DUCK,
        state: 'acknowledged',
        refusal: damaged({ detail: 'It is worse now.' }),
        firstSeen: '2026-11-28T12:00:00.000Z',
        lastSeen: '2026-11-28T13:00:00.000Z',
        count: 2,
        acknowledged: { at: '2026-11-28T12:00:00.001Z', by: 'ann', reason: 'on my way' },
      });
    });

    test('alarms of another robot, component, category or element are different alarms', async () => {
      const { raise, ids } = await world();
      const { component: _, ...ofNoComponent } = damaged();
      await raise();
      await raise(ofNoComponent);
      await raise(ofNoComponent);
      await raise(damaged({ category: 'io' }));
      await raise(damaged({ element: 'config.yaml' }));
      await raise(damaged(), NOON, 'duck-2' as RobotId);
      expect(await ids()).toHaveLength(5);
    });

    test('a resolved alarm that comes back is a new one, and unacknowledged', async () => {
      const { alarms, raise, ids } = await world();
      const first = await raise();
      await alarms.acknowledge(first, { at: NOON, by: 'ann' });
      await alarms.resolveReported(DUCK, damaged(), NOON + 5);
      await alarms.resolveReported(DUCK, damaged(), NOON + 6);
      expect(await alarms.find(first)).toMatchObject({
        state: 'resolved',
        resolved: { at: '2026-11-28T12:00:00.005Z', by: DUCK, how: 'reported' },
      });
      const again = await raise(damaged(), NOON + HOUR);
      expect(again).not.toBe(first);
      expect(await alarms.find(again)).toMatchObject({ state: 'open', count: 1 });
      expect([await ids(['open']), await ids(['resolved']), await ids(['acknowledged'])]).toEqual([
        [again],
        [first],
        [],
      ]);
    });

    test('a person resolves one once; what is resolved or unknown is neither acknowledged nor resolved', async () => {
      const { alarms, raise } = await world();
      const id = await raise();
      expect(await alarms.resolve(id, byHand)).toBe(true);
      expect(await alarms.find(id)).toMatchObject({
        resolved: { by: 'ann', how: 'by-hand', reason: 'replaced the disk' },
      });
      expect(await alarms.resolve(id, byHand)).toBe(false);
      expect(await alarms.acknowledge(id, { at: NOON, by: 'ann' })).toBe(false);
      expect(await alarms.resolve('al_9999999999', byHand)).toBe(false);
    });

    test('the first acknowledgement stays', async () => {
      const { alarms, raise } = await world();
      const id = await raise();
      await alarms.acknowledge(id, { at: NOON, by: 'ann' });
      expect(await alarms.acknowledge(id, { at: NOON, by: 'bob' })).toBe(true);
      expect((await alarms.find(id))?.acknowledged?.by).toBe('ann');
    });

    test('a robot that leaves the fleet has its alarms resolved, and no other robot’s', async () => {
      const { alarms, raise } = await world();
      await raise();
      await raise(damaged({ category: 'io' }));
      await raise(damaged(), NOON, 'duck-2' as RobotId);
      expect(await alarms.counts()).toEqual({ open: 3, acknowledged: 0 });
      await alarms.resolveAllOf(DUCK, { ...byHand, how: 'decommissioned' });
      expect(await alarms.counts()).toEqual({ open: 1, acknowledged: 0 });
    });

    test('a list is read page by page, newest first, for one robot too', async () => {
      const { alarms, raise } = await world();
      for (let n = 0; n < 5; n += 1) await raise(damaged({ element: `file ${n}` }));
      await raise(damaged(), NOON, 'duck-2' as RobotId);
      const filter = { states: ALARM_STATES, robot: DUCK };
      const first = await alarms.list(filter, { limit: 3 });
      const rest = await alarms.list(filter, { before: first.at(-1)?.id, limit: 3 });
      const elements = [...first, ...rest].map(({ refusal }) => refusal.element);
      expect(elements).toEqual(['file 4', 'file 3', 'file 2', 'file 1', 'file 0']);
    });

    test('a list of a few of each robot says how many more each has, page by page', async () => {
      const { alarms, raise } = await world();
      await raise(damaged(), NOON, 'duck-2' as RobotId);
      for (let n = 0; n < 5; n += 1) await raise(damaged({ element: `file ${n}` }));
      const first = await alarms.listPerRobot({ states: ['open'] }, 2, { limit: 2 });
      const rest = await alarms.listPerRobot({ states: ['open'] }, 2, { before: first.at(-1)?.alarm.id, limit: 2 });
      expect([...first, ...rest].map(({ alarm, leftOut }) => [alarm.robot, alarm.refusal.element, leftOut])).toEqual([
        [DUCK, 'file 4', 0],
        [DUCK, 'file 3', 3],
        ['duck-2', damaged().element, 0],
      ]);
      const all = await alarms.listPerRobot({ states: ['open'] }, Number.MAX_SAFE_INTEGER, { limit: 9 });
      expect([all.length, all.every(({ leftOut }) => leftOut === 0)]).toEqual([6, true]);
    });

    test('resolved alarms are forgotten after their time, open ones never', async () => {
      const { alarms, raise, ids } = await world();
      const resolved = await raise();
      await alarms.resolve(resolved, byHand);
      const still = await raise(damaged({ category: 'io' }), NOON - 1000 * HOUR);
      await alarms.forgetResolved(NOON);
      expect(await ids()).toEqual([still, resolved]);
      await alarms.forgetResolved(NOON + 1);
      expect(await ids()).toEqual([still]);
    });

    test('a robot that finds two alarms with one id loses the second one, and its reports are still taken', async () => {
      const { alarms, raise, ids } = await world();
      const id = await raise();
      await alarms.raise({ id, robot: DUCK, refusal: damaged({ element: 'another.onnx' }), at: NOON });
      expect(await ids()).toEqual([id]);
    });

    test('a robot that invents alarms fills no database: its oldest make room', async () => {
      const { alarms, raise } = await world();
      const mine = await raise(damaged(), NOON, 'duck-2' as RobotId);
      for (let n = 0; n < MOST_UNRESOLVED_PER_ROBOT + 5; n += 1) await raise(damaged({ element: `file ${n}` }));
      expect((await alarms.counts()).open).toBe(MOST_UNRESOLVED_PER_ROBOT + 1);
      expect(await alarms.find(mine)).toBeDefined();
    });

    test('a robot that raises and resolves alarms in turn fills none either, and keeps its open ones', async () => {
      const { alarms, raise, ids } = await world();
      const open = await raise();
      for (let n = 0; n < MOST_RESOLVED_PER_ROBOT + 5; n += 1) {
        const refusal = damaged({ element: `file ${n}` });
        await raise(refusal);
        await alarms.resolveReported(DUCK, refusal, NOON);
      }
      await raise(damaged({ category: 'io' }));
      const resolved = await alarms.list({ states: ['resolved'] }, { limit: 5000 });
      expect(resolved).toHaveLength(MOST_RESOLVED_PER_ROBOT);
      expect(await ids(['open'])).toContain(open);
    });
  });
}
