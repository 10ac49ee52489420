import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DUCK, type TestRobot, testRobot } from './testing/test-robot.ts';

/** Two releases committed; the link of a third, never committed, is active, as after a lost journal. */
async function strayed(): Promise<TestRobot> {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  const folder = await robot.folder();
  const [active, previous] = [await folder.slot('active'), await folder.slot('previous')];
  if (!active || !previous) throw new Error('two releases were expected');
  await folder.point('active', previous);
  await folder.unpoint('previous');
  robot.services.log.length = 0;
  return robot;
}

test('where the links and the mark differ, the mark is right and its services are started', async () => {
  const robot = await strayed();
  await robot.restarted().recover();
  expect(await robot.slots()).toEqual({ active: '2.0.0', previous: '1.0.0', staged: undefined });
  expect(robot.services.log).toEqual(['stop duck', 'start duck']);
});

test('a mark that names a damaged release is not obeyed, and somebody is told', async () => {
  const robot = await strayed();
  const committed = await (await robot.folder()).committed();
  if (!committed) throw new Error('a mark was expected');
  const policy = join(robot.layout.component(DUCK).release(committed.active), 'policy.onnx');
  await chmod(policy, 0o644);
  await writeFile(policy, 'rot');
  await robot.restarted().recover();
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  expect(robot.alarms()).toEqual(['active_unsettled']);
  expect(robot.services.log).toEqual([]);
});

test('a mark the disk has lost is written again from what is active and whole', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  await writeFile(robot.layout.component(DUCK).committed, '{"schema":');
  await robot.restarted().recover();
  const mark = await (await robot.folder()).committed();
  expect(mark?.active.version).toBe('2.0.0');
  // Its place in the order of releases was in the mark alone: made up, it would let older releases in.
  expect([mark?.active.releaseCounter, mark?.previous?.releaseCounter]).toEqual([undefined, undefined]);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
});

test('a first release that nobody committed is taken out again', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  await robot.updater.offer(order);
  await rm(robot.layout.component(DUCK).committed);
  await robot.restarted().recover();
  expect(await robot.slots()).toEqual({ active: undefined, previous: undefined, staged: undefined });
  expect([...robot.services.running]).toEqual([]);
});

test('a service whose record the disk has lost is started again, where only the agent ever stops it', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  for (const ownsStops of [false, true]) {
    await robot.services.stop('duck', 'switch');
    robot.services.log.length = 0;
    await robot.restarted({ services: { ...robot.services, ownsStops } }).recover();
    expect(robot.services.log).toEqual(ownsStops ? ['start duck'] : []);
  }
});
