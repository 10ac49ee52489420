import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testClock, unevenClock } from '@fairlead/shared/testing/test-clock';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { afterAll, describe, expect, test } from 'vitest';
import type { AlarmRegister } from './alarm-register.ts';
import { describeAlarmRegister, diskFull } from './alarm-register-contract.ts';
import { openFileAlarmRegister } from './file-alarm-register.ts';
import { memoryAlarmRegister } from './memory-alarm-register.ts';

const root = await mkdtemp(join(tmpdir(), 'fairlead-alarms-'));
afterAll(() => rm(root, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(root, `${(files += 1)}.json`);

describeAlarmRegister('memory', async (outbox, now) => ({ alarms: memoryAlarmRegister(outbox, now) }));
describeAlarmRegister('file', async (outbox, now) => ({
  alarms: await openFileAlarmRegister({ file: newFile(), outbox, clock: unevenClock(now) }),
}));

/** The agents of one robot, one after the other, on one file. */
function robot(file = newFile()) {
  const events: ReportEvent[] = [];
  const start = () =>
    openFileAlarmRegister({ file, outbox: { append: (event) => events.push(event) }, clock: testClock(0) });
  return { file, events, start };
}

test('an alarm stays open over a restart of the agent: it is not repeated, and its end is reported', async () => {
  const { events, start } = robot();
  const before = await start();
  before.raise(diskFull());
  before.raise(diskFull({ element: 'b' }));
  before.resolve(diskFull({ element: 'b' }));
  const after = await start();
  expect(after.open()).toEqual([diskFull()]);
  after.raise(diskFull());
  after.resolve(diskFull());
  expect(events.map(({ event }) => event)).toEqual(['alarm', 'alarm', 'alarm-resolved', 'alarm-resolved']);
});

test.each(['{"schema": "fairlead.alarms.v', '{"schema": "fairlead.alarms.v2"}', ''])(
  'a damaged file (%s) is an empty set that can be written again',
  async (content) => {
    const { file, start } = robot();
    await writeFile(file, content);
    const alarms = await start();
    expect(alarms.open()).toEqual([]);
    alarms.raise(diskFull());
    expect((await start()).open()).toEqual([diskFull()]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ schema: 'fairlead.alarms.v1' });
  },
);

test('a disk that takes no write loses no alarm while the agent runs', async () => {
  const file = newFile();
  await mkdir(join(file, 'in the way'), { recursive: true });
  const { events, start } = robot(file);
  const alarms = await start();
  alarms.raise(diskFull());
  alarms.raise(diskFull());
  await rm(file, { recursive: true });
  alarms.raise(diskFull({ element: 'b' }));
  expect(events).toHaveLength(2);
  expect((await start()).open()).toHaveLength(2);
});

describe('an agent that is killed while it reports', () => {
  class Killed extends Error {}

  /** Another agent on the same file, after the first was killed just before or just after a report was on disk. */
  async function afterKill(when: 'before' | 'after', act: (alarms: AlarmRegister) => void, first?: typeof act) {
    const file = newFile();
    const events: string[] = [];
    let isArmed = false;
    const append = ({ event }: ReportEvent): void => {
      if (!isArmed || when === 'after') events.push(event);
      if (isArmed) throw new Killed();
    };
    const dying = await openFileAlarmRegister({ file, outbox: { append }, clock: testClock(0) });
    first?.(dying);
    isArmed = true;
    expect(() => act(dying)).toThrow(Killed);
    isArmed = false;
    const next = await openFileAlarmRegister({ file, outbox: { append }, clock: testClock(0) });
    return { next, events };
  }
  const raise = (alarms: AlarmRegister): void => alarms.raise(diskFull());
  const resolve = (alarms: AlarmRegister): void => alarms.resolve(diskFull());

  test.each(['before', 'after'] as const)(
    '%s the begin of an alarm is stored: its end is still reported',
    async (when) => {
      const { next, events } = await afterKill(when, raise);
      next.resolve(diskFull());
      expect(events.at(-1)).toBe('alarm-resolved');
      expect(next.open()).toEqual([]);
    },
  );

  test.each(['before', 'after'] as const)('%s the begin is stored: what still holds is reported', async (when) => {
    const { next, events } = await afterKill(when, raise);
    next.raise(diskFull());
    next.raise(diskFull());
    expect(events).toEqual(when === 'before' ? ['alarm'] : ['alarm', 'alarm']);
  });

  test.each(['before', 'after'] as const)(
    '%s the end is stored: a condition that returned is reported',
    async (when) => {
      const { next, events } = await afterKill(when, resolve, raise);
      next.raise(diskFull());
      expect(events.at(-1)).toBe('alarm');
      expect(events.filter((event) => event === 'alarm')).toHaveLength(2);
    },
  );
});

test('a file that could not be written is written by the next check, also where nothing changed', async () => {
  const file = newFile();
  await mkdir(join(file, 'in the way'), { recursive: true });
  const { events, start } = robot(file);
  const alarms = await start();
  alarms.raise(diskFull());
  await rm(file, { recursive: true });
  alarms.raise(diskFull());
  expect(events).toHaveLength(1);
  expect((await start()).open()).toEqual([diskFull()]);
});
