import { expect, test } from 'vitest';
import { factBoard, type PostedFacts } from './posted-facts.ts';
import { preconditionPermission } from './precondition-permission.ts';
import { firstLack, type Preconditions } from './preconditions.ts';

// biome-ignore format: the table is read by column
test.each<[Preconditions, PostedFacts, string]>([
  [{},                                                { docked: false },                         'holds'],
  [{ battery: { minPercent: 30 } },                   { batteryPercent: 30 },                    'holds'],
  [{ battery: { minPercent: 30 } },                   { batteryPercent: 29, charging: true },    'battery_low'],
  [{ battery: { minPercent: 30, orCharging: true } }, { batteryPercent: 29, charging: true },    'holds'],
  [{ battery: { minPercent: 30, orCharging: true } }, { batteryPercent: 29, charging: false },   'battery_low'],
  [{ battery: { minPercent: 30 } },                   {},                                        'fact_unknown'],
  [{ docked: true },                                  { docked: true },                          'holds'],
  [{ docked: true },                                  { docked: false },                         'not_docked'],
  [{ docked: true },                                  {},                                        'fact_unknown'],
  [{ standingStill: true },                           { standingStill: false },                  'moving'],
  [{ maxTemperatureC: 70 },                           { temperatureC: 70 },                      'holds'],
  [{ maxTemperatureC: 70 },                           { temperatureC: 70.5 },                    'too_hot'],
  [{ maxTemperatureC: 70 },                           {},                                        'fact_unknown'],
  [{ link: ['wifi', 'ethernet'] },                    { link: 'ethernet' },                      'holds'],
  [{ link: ['wifi', 'ethernet'] },                    { link: 'cellular' },                      'wrong_link'],
  [{ link: ['wifi'] },                                {},                                        'fact_unknown'],
  [{ unmetered: true },                               { metered: false },                        'holds'],
  [{ unmetered: true },                               { metered: true },                         'metered_link'],
  [{ unmetered: true },                               {},                                        'fact_unknown'],
])('a robot that needs %j and is %j: %s', (wanted, facts, expected) => {
  expect(firstLack(wanted, facts)?.category ?? 'holds').toBe(expected);
});

function robot(wanted: Preconditions) {
  const time = { ms: 0 };
  const board = factBoard(() => time.ms);
  const ask = async (): Promise<string> => {
    const permission = await preconditionPermission(wanted, board).ask('duck' as never);
    return permission.granted ? 'granted' : `${permission.reason.category}: ${permission.reason.detail}`;
  };
  return { time, board, ask };
}

test('a fact that grew old is unknown, and unknown is not permitted', async () => {
  const { time, board, ask } = robot({ docked: true, maxFactAgeSec: 20 });
  board.post({ docked: true });
  time.ms = 20_000;
  expect(await ask()).toBe('granted');
  board.post({ batteryPercent: 50 });
  time.ms = 20_001;
  expect(await ask()).toMatch('fact_unknown: Nobody has said of late what docked is');
});

test('only what is news wakes whoever waits', () => {
  const { board } = robot({});
  const posts = [{ docked: true }, { docked: true }, { docked: true, metered: false }, { docked: false }];
  expect(posts.map((facts) => board.post(facts))).toEqual([true, false, true, true]);
});

test('a command may say how the robot is, and programs may have the last word', async () => {
  const facts = { run: ['/bin/sh', '-c', 'echo \'{"docked": true}\''] };
  expect(await robot({ docked: true, facts }).ask()).toBe('granted');
  const checks = [{ name: 'gripper-empty', run: ['/bin/sh', '-c', 'echo a cup; exit 3'] }];
  expect(await robot({ docked: true, facts, checks }).ask()).toBe(
    'precondition: gripper-empty does not hold: /bin/sh ended with code 3: a cup',
  );
});

test.each([
  ['that can’t be started', ['/no/such/program'], 'could not run'],
  ['that hangs', ['/bin/sleep', '60'], 'did not end within 1 s'],
  ['that prints no facts', ['/bin/echo', 'docked'], 'it printed no facts'],
  ['that fails', ['/bin/false'], 'ended with code 1'],
  ['that never stops talking', ['/bin/sh', '-c', 'yes'], 'did not end within 1 s'],
])('a command %s leaves the robot where it is', async (_what, run, expected) => {
  expect(await robot({ docked: true, facts: { run, timeoutSec: 1 } }).ask()).toContain(expected);
});
