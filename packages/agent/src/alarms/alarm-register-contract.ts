/** What every alarm register promises; each adapter's test runs it. */
import type { Refusal } from '@fairlead/shared/failure';
import { HOUR } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { describe, expect, test } from 'vitest';
import type { Outbox } from '../outbox/outbox.ts';
import type { AlarmRegister } from './alarm-register.ts';

export interface AlarmWorld {
  readonly alarms: AlarmRegister;
}
export type OpenAlarms = (outbox: Pick<Outbox, 'append'>, now: () => number) => Promise<AlarmWorld>;

export const diskFull = (more: Partial<Refusal> = {}): Refusal => ({
  phase: 'download',
  element: '/var/lib/fairlead',
  category: 'disk_full',
  detail: 'The disk is full: 12 MB are free.',
  retryable: true,
  hint: 'Free space.',
  ...more,
});

export function describeAlarmRegister(name: string, open: OpenAlarms): void {
  const world = async () => {
    const events: ReportEvent[] = [];
    let now = Date.parse('2026-11-28T04:00:00Z');
    const { alarms } = await open({ append: (event) => events.push(event) }, () => now);
    const reported = () =>
      events.map((event) =>
        event.event === 'alarm'
          ? `raised ${event.refusal.category}`
          : event.event === 'alarm-resolved'
            ? `ended ${event.category}`
            : event.event,
      );
    return { alarms, events, reported, pass: (ms: number) => (now += ms) };
  };

  describe(`${name} alarm register`, () => {
    test('a condition that lasts is reported once, and once more when it has ended', async () => {
      const { alarms, reported } = await world();
      for (let check = 0; check < 5; check += 1) alarms.raise(diskFull());
      expect(alarms.open()).toEqual([diskFull()]);
      for (let check = 0; check < 3; check += 1) alarms.resolve(diskFull());
      expect(reported()).toEqual(['raised disk_full', 'ended disk_full']);
      expect(alarms.open()).toEqual([]);
    });

    test('a condition that returns after its end is reported again', async () => {
      const { alarms, reported } = await world();
      alarms.raise(diskFull());
      alarms.resolve(diskFull());
      alarms.raise(diskFull());
      expect(reported()).toEqual(['raised disk_full', 'ended disk_full', 'raised disk_full']);
    });

    test('the end of what is not open is not reported', async () => {
      const { alarms, reported } = await world();
      alarms.resolve(diskFull());
      expect(reported()).toEqual([]);
    });

    test('alarms with another component, category or element are different alarms', async () => {
      const { alarms, events } = await world();
      const all = [
        diskFull(),
        diskFull({ component: 'gait' }),
        diskFull({ category: 'io' }),
        diskFull({ element: '/' }),
      ];
      for (const alarm of all) alarms.raise(alarm);
      expect(alarms.open()).toEqual(all);
      alarms.resolve(diskFull({ component: 'gait' }));
      expect(alarms.open()).toEqual(all.filter(({ component }) => component === undefined));
      expect(events.at(-1)).toEqual({
        event: 'alarm-resolved',
        component: 'gait',
        element: '/var/lib/fairlead',
        category: 'disk_full',
      });
    });

    test('a changed text is reported at once, changed figures at most once an hour', async () => {
      const { alarms, reported, pass } = await world();
      alarms.raise(diskFull());
      alarms.raise(diskFull({ detail: 'The disk is full: 11 MB are free.' }));
      expect(reported()).toHaveLength(1);
      pass(HOUR);
      alarms.raise(diskFull({ detail: 'The disk is full: 10 MB are free.' }));
      expect(reported()).toHaveLength(2);
      alarms.raise(diskFull({ detail: 'The disk takes no write.' }));
      expect(reported()).toHaveLength(3);
      expect(alarms.open()).toEqual([diskFull({ detail: 'The disk takes no write.' })]);
    });

    test('an incident is reported each time and is never open', async () => {
      const { alarms, reported } = await world();
      alarms.notify(diskFull({ category: 'lease_overridden' }));
      alarms.notify(diskFull({ category: 'lease_overridden' }));
      expect(reported()).toEqual(['raised lease_overridden', 'raised lease_overridden']);
      expect(alarms.open()).toEqual([]);
    });

    test('a complete check raises what it found and resolves only what it covers', async () => {
      const { alarms, reported } = await world();
      alarms.raise(diskFull({ element: 'a' }));
      alarms.raise(diskFull({ element: 'b', category: 'io' }));
      alarms.settle(({ category }) => category === 'disk_full', [diskFull({ element: 'c' })]);
      expect(alarms.open().map(({ element }) => element)).toEqual(['b', 'c']);
      expect(reported()).toEqual(['raised disk_full', 'raised io', 'raised disk_full', 'ended disk_full']);
    });
  });
}
