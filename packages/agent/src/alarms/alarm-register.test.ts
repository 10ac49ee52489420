import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testClock, unevenClock } from '@fairlead/shared/testing/test-clock';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { afterAll, expect, test } from 'vitest';
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
  await before.flush();
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
    await alarms.flush();
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
  await alarms.flush();
  await rm(file, { recursive: true });
  alarms.raise(diskFull({ element: 'b' }));
  await alarms.flush();
  expect(events).toHaveLength(2);
  expect((await start()).open()).toHaveLength(2);
});
