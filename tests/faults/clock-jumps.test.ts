/** The clock says 1970, or 2100: before, in and after an update, and at the very first contact. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Conditions, LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { untilStep } from '../system/harness/on-disk.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import { expectUp, type FaultyFleet, statusOf, test, untilOnline, untilTroubled } from './harness/faulty-fleet.ts';

/** Its folder is named after Debian's architecture. */
const library = readdirSync('/usr/lib')
  .map((name) => join('/usr/lib', name, 'faketime/libfaketimeMT.so.1'))
  .find(existsSync);
if (library === undefined) process.stdout.write('skipped: libfaketime is missing\n');

const [Y1970, Y2100, TRUE] = ['@1970-01-01 00:05:00', '@2100-01-01 00:00:00', '+0'];
const clockOf = (fleet: FaultyFleet, name: string): string => join(fleet.folder, `clock-of-${name}`);
const set = (fleet: FaultyFleet, name: string, time: string): void => writeFileSync(clockOf(fleet, name), `${time}\n`);

/** Its wall clock is what the file says, from one look to the next; its stopwatch is true. */
const byFalseClock = (fleet: FaultyFleet, name: string): Conditions => ({
  env: {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockOf(fleet, name),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  },
});

let duck: LivingRobot;
const restart = async (fleet: FaultyFleet): Promise<void> => {
  await duck.agent.stop();
  duck.agent = duck.start(byFalseClock(fleet, 'duck-1'));
};

test.runIf(library)(
  'a robot that starts in 1970 or 2100 takes its updates, by the director’s time, and says so',
  async ({ fleet }) => {
    set(fleet, 'duck-1', TRUE);
    duck = await fleet.join({ name: 'duck-1', conditions: byFalseClock(fleet, 'duck-1') });
    for (const [time, version] of [
      [Y1970, '2.0.0'],
      [Y2100, '3.0.0'],
    ] as const) {
      set(fleet, 'duck-1', time);
      await restart(fleet);
      expect([time, (await deploy(fleet, duck, `walking@${version}`)).view.state]).toEqual([time, 'succeeded']);
      await expectUp(duck, `walking@${version}`);
      const { clockTrust, now } = await statusOf(duck);
      expect(clockTrust).toBe('director');
      expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(60_000);
    }
    await waitFor('both alarms to arrive', async () => {
      const alarms = (await readFile(fleet.server.log, 'utf8')).match(/"clock_skew"/g) ?? [];
      return alarms.length >= 2 || undefined;
    });
  },
);

test.runIf(library)('a clock that jumps to and fro in the middle of an update changes nothing', async ({ fleet }) => {
  for (const [first, second, version] of [
    [Y1970, Y2100, '2.0.0'],
    [Y2100, Y1970, '3.0.0'],
  ] as const) {
    const wanted = await begin(fleet, duck, `walking@${version}`);
    await untilStep(duck, 'smoke-test');
    set(fleet, 'duck-1', first);
    await untilStep(duck, 'probation');
    set(fleet, 'duck-1', second);
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
    await expectUp(duck, `walking@${version}`);
  }
});

test.runIf(library)(
  'a clock that jumps after an update, also through a start: the release stays, the robot is seen',
  async ({ fleet }) => {
    for (const time of [Y2100, Y1970]) {
      set(fleet, 'duck-1', time);
      await pause(1_000);
      await expectUp(duck, 'walking@3.0.0');
      await restart(fleet);
      await untilOnline(fleet, duck);
      await expectUp(duck, 'walking@3.0.0');
      // One lie of a clock is no reason to keep later updates out: the floor follows the director alone.
      expect(Math.abs(Date.parse((await statusOf(duck)).now) - Date.now())).toBeLessThan(60_000);
    }
  },
);

test.runIf(library)(
  'the very first contact: 1970 is no obstacle, 2100 waits for a clock and says so',
  async ({ fleet }) => {
    set(fleet, 'swan-1', Y1970);
    const swan = await fleet.join({ name: 'swan-1', conditions: byFalseClock(fleet, 'swan-1') });
    await expectUp(swan, 'walking@1.0.0');

    set(fleet, 'goose-1', Y2100);
    const goose = await fleet.join({ name: 'goose-1', bare: true, conditions: byFalseClock(fleet, 'goose-1') });
    // Nothing signed is valid in 2100, and nobody whom it trusts has told it the time yet.
    expect(await untilTroubled(goose, 'expired')).toMatchObject({ hint: expect.stringContaining('clock') });
    await untilOnline(fleet, goose);
    const wanted = await begin(fleet, goose, 'walking@1.0.0');
    set(fleet, 'goose-1', TRUE);
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
  },
);
