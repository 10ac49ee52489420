import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuse } from '@fairlead/shared/failure';
import { Clock } from '@fairlead/shared/time';
import { expect, onTestFinished, test } from 'vitest';
import { DUCK, testRobot } from '../update/testing/test-robot.ts';
import type { UpdaterDeps } from '../update/updater.ts';
import { fileUpdateHistory } from './file-update-history.ts';

const BAD_MODEL = {
  phase: 'smoke-test',
  element: 'policy.onnx',
  category: 'nan',
  detail: 'The output holds NaN.',
  retryable: false,
  hint: 'Retrain the model.',
} as const;

async function robotWithHistory(bend: Partial<UpdaterDeps> = {}) {
  const folder = join(await mkdtemp(join(tmpdir(), 'fairlead-history-')), 'outcomes');
  onTestFinished(() => rm(join(folder, '..'), { recursive: true }));
  const lines: string[] = [];
  const facts: object[] = [];
  let now = Date.UTC(2026, 10, 21, 9);
  const open = () =>
    fileUpdateHistory({
      folder,
      clock: new Clock(() => (now += 1000)),
      log: (level, about, message) => {
        lines.push(`${level}: ${message.replaceAll(/(in|after) \d+\.\d s/g, '$1 N s')}`);
        facts.push(about);
      },
    });
  const robot = await testRobot({ history: open(), ...bend });
  return { ...robot, folder, lines, facts, reopened: open };
}

test('the log of the agent records an update: its start, each step with its duration, and its end', async () => {
  const robot = await robotWithHistory();
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.lines).toEqual([
    'info: the update to duck-policy@1.0.0 started (first installation)',
    ...['download', 'verify', 'stage', 'smoke-test', 'prove-parachute', 'wait', 'switch', 'probation', 'commit'].map(
      (step) => `info: duck-policy@1.0.0: ${step} done in N s`,
    ),
    'info: the update to duck-policy@1.0.0 succeeded, after N s',
    'info: duck-policy@1.0.0: report done in N s',
  ]);
  expect(robot.facts[1]).toMatchObject({ component: 'duck-policy', version: '1.0.0', step: 'download' });
});

test('the log of the agent records a rollback as a warning, with the step and the reason', async () => {
  const robot = await robotWithHistory();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.health.verdict = (version) => (version === '2.0.0' ? 'unhealthy' : 'healthy');
  robot.lines.length = 0;
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.lines).toContainEqual(expect.stringMatching(/^info: duck-policy@2.0.0: probation failed after N s: /));
  expect(robot.lines).toContainEqual(expect.stringMatching(/^info: duck-policy@2.0.0: roll-back done in N s/));
  expect(robot.lines).toContainEqual(
    expect.stringMatching(/^warn: duck-policy@2.0.0 was rolled back in probation: .*\(health_check\), after N s$/),
  );
});

test('the log says once what an update waits for, however often it asks', async () => {
  const robot = await robotWithHistory();
  robot.permission.answers.push(false, false, false);
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.lines.filter((line) => line.includes('waits in wait'))).toEqual([
    'info: duck-policy@1.0.0 waits in wait: wait: updateWindow: not now (outside_window) ',
  ]);
});

test('the last outcome of a component survives a restart of the agent, and the next one replaces it', async () => {
  let verdict: Awaited<ReturnType<UpdaterDeps['runSmokeTests']>> = refuse(BAD_MODEL);
  const robot = await robotWithHistory({ runSmokeTests: async () => verdict });
  const order = await robot.release('2.0.0');
  await robot.updater.offer(order);
  const rejected = { component: DUCK, version: '2.0.0', outcome: 'rejected', refusal: BAD_MODEL };
  expect(await robot.reopened().lastOutcomes()).toMatchObject([{ ...rejected, deployment: order.deployment }]);
  verdict = { ok: true, value: { models: [], commands: [] } };
  await robot.updater.offer(await robot.release('2.0.1'));
  expect(await robot.reopened().lastOutcomes()).toMatchObject([{ version: '2.0.1', outcome: 'succeeded' }]);
  expect(await readdir(robot.folder)).toEqual(['duck-policy.json']);
});

test('a rollback by a person on the robot is recorded with the name of the person', async () => {
  const robot = await robotWithHistory();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  await robot.updater.rollBackLocally(DUCK, 'ann');
  expect(await robot.reopened().lastOutcomes()).toMatchObject([
    { version: '2.0.0', outcome: 'rolled-back', by: 'ann' },
  ]);
  expect(robot.lines.at(-1)).toBe('info: duck-policy@2.0.0 was rolled back on the robot by ann, after N s');
});

test('an order that needs no update is recorded too', async () => {
  const robot = await robotWithHistory();
  const order = await robot.release('1.0.0');
  await robot.updater.offer(order);
  await robot.updater.offer({ ...order, deployment: 'dep_0000000009' as typeof order.deployment });
  expect(await robot.reopened().lastOutcomes()).toMatchObject([{ outcome: 'skipped', deployment: 'dep_0000000009' }]);
});

test('a disk that takes no outcome does not hold up the update', async () => {
  const robot = await robotWithHistory();
  // A file where the folder must be.
  await writeFile(robot.folder, '');
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.ends()).toEqual(['succeeded']);
  expect(robot.lines).toContainEqual(expect.stringContaining('warn: the outcome of duck-policy could not be written'));
  expect(await robot.reopened().lastOutcomes()).toEqual([]);
});

test('an outcome that the disk has damaged is left out', async () => {
  const robot = await robotWithHistory();
  await robot.updater.offer(await robot.release('1.0.0'));
  await writeFile(join(robot.folder, 'duck-policy.json'), '{"schema":');
  expect(await robot.reopened().lastOutcomes()).toEqual([]);
});
