import { expect, test } from 'vitest';
import { DUCK, type TestRobot, testRobot } from './testing/test-robot.ts';

/** A robot whose component `duck-runtime` runs the service of that name; `duck-policy` comes later and shares it. */
async function withRuntime(): Promise<TestRobot> {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0', { component: 'duck-runtime', services: ['runtime'] }));
  return robot;
}
const SHARING = { services: ['runtime', 'duck'] };

test('a first release that is taken out again gives back the service it shared', async () => {
  const robot = await withRuntime();
  robot.health.verdict = (version) => (version === '2.0.0' ? 'unhealthy' : 'healthy');
  await robot.updater.offer(await robot.release('2.0.0', SHARING));
  expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
  expect([...robot.services.running]).toEqual(['runtime']);
});

test('a release that no longer shares a service leaves it running for the others, and started first', async () => {
  const robot = await withRuntime();
  await robot.updater.offer(await robot.release('2.0.0', SHARING));
  robot.services.log.length = 0;
  await robot.updater.offer(await robot.release('3.0.0'));
  expect(robot.services.log).toEqual(['stop duck', 'stop runtime', 'start runtime', 'start duck']);
});

test('a roll-back to a release that does not share a service leaves it running for the others', async () => {
  const robot = await withRuntime();
  await robot.updater.offer(await robot.release('2.0.0'));
  robot.health.verdict = (version) => (version === '3.0.0' ? 'unhealthy' : 'healthy');
  await robot.updater.offer(await robot.release('3.0.0', SHARING));
  expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
  expect([...robot.services.running].toSorted()).toEqual(['duck', 'runtime']);
});

test('a roll-back by hand leaves a service running that only the others need', async () => {
  const robot = await withRuntime();
  await robot.updater.offer(await robot.release('2.0.0'));
  await robot.updater.offer(await robot.release('3.0.0', SHARING));
  expect((await robot.updater.rollBackLocally(DUCK, 'ann')).ok).toBe(true);
  expect([...robot.services.running].toSorted()).toEqual(['duck', 'runtime']);
});

test('a service that nobody else needs stays stopped', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('2.0.0', SHARING));
  await robot.updater.offer(await robot.release('3.0.0'));
  expect([...robot.services.running]).toEqual(['duck']);
});
