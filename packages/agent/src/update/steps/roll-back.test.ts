import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DUCK, type TestRobot, testRobot } from '../testing/test-robot.ts';

/** A robot that runs 1.0.0 (and has what `versions` say before it), on which 2.0.0 will be sick. */
async function aboutToFail(...versions: string[]): Promise<TestRobot> {
  const robot = await testRobot();
  for (const version of [...versions, '1.0.0']) await robot.updater.offer(await robot.release(version));
  robot.health.verdict = (version) => (version === '2.0.0' ? 'unhealthy' : 'healthy');
  return robot;
}
/** Damages a release in the moment in which 2.0.0 turns out to be sick. */
function damageInProbation(robot: TestRobot, ...versions: string[]): void {
  const { probe } = robot.deps.prober;
  let done = false;
  robot.deps.prober.probe = async (check, context) => {
    const slots = done
      ? []
      : [await (await robot.folder()).slot('previous'), (await (await robot.folder()).committed())?.previous];
    done = true;
    for (const release of slots) {
      if (!release || !versions.includes(release.version)) continue;
      const policy = join(robot.layout.component(DUCK).release(release), 'policy.onnx');
      await chmod(policy, 0o644);
      await writeFile(policy, 'rot');
    }
    return probe(check, context);
  };
}

test('calibration that a sick release has spoilt is put back before the old release starts', async () => {
  const robot = await aboutToFail();
  // Beside the agent's own folder: state in it is refused.
  const state = `${robot.root}-duck-state`;
  await mkdir(state);
  onTestFinished(() => rm(state, { recursive: true }));
  const calibration = join(state, 'legs.json');
  await writeFile(calibration, 'at prove-parachute');
  const order = await robot.release('2.0.0', { state: { backup: [state] } });
  robot.permission.ask = async () => {
    await writeFile(calibration, 'right before the switch');
    return { granted: true };
  };
  const { probe } = robot.deps.prober;
  robot.deps.prober.probe = async (check, context) => {
    if (context.folder.includes('2.0.0')) await writeFile(calibration, 'spoilt');
    return probe(check, context);
  };
  await robot.updater.offer(order);
  expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
  expect(await readFile(calibration, 'utf8')).toBe('right before the switch');
});

test('after a roll-back the release before the old one is its parachute again', async () => {
  const robot = await aboutToFail('0.9.0');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: '0.9.0', staged: undefined });
});

test('where the old release is damaged too, the robot falls back to the one before it and raises the alarm', async () => {
  const robot = await aboutToFail('0.9.0');
  damageInProbation(robot, '1.0.0');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(await robot.slots()).toMatchObject({ active: '0.9.0' });
  expect(robot.ends().at(-1)).toBe('failed: health_check');
  expect(robot.alarms()).toEqual(['parachute_damaged']);
  expect([...robot.services.running]).toEqual(['duck']);
});

test('where nothing else is whole, the robot stays on the sick release and raises the alarm', async () => {
  const robot = await aboutToFail('0.9.0');
  damageInProbation(robot, '1.0.0', '0.9.0');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
  expect(robot.alarms()).toEqual(['parachute_damaged']);
  expect([...robot.services.running]).toEqual(['duck']);
  expect((await (await robot.folder()).committed())?.active.version).toBe('2.0.0');
});

test('an old release that does not start again is an alarm, not an endless roll-back', async () => {
  const robot = await aboutToFail();
  robot.health.verdict = (version) => {
    if (version === '2.0.0') robot.services.refuses.add('start duck');
    return 'unhealthy';
  };
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.ends().at(-1)).toBe('failed: health_check');
  expect(robot.alarms()).toEqual(['service_start']);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  expect(robot.openAlarms()).toEqual(['service_start']);
  robot.services.refuses.clear();
  robot.health.verdict = () => 'healthy';
  await robot.updater.offer(await robot.release('3.0.0'));
  expect(robot.openAlarms()).toEqual([]);
});

test('a new release whose service does not start is rolled back', async () => {
  const robot = await aboutToFail();
  robot.services.refuses.add('start brain');
  await robot.updater.offer(await robot.release('2.0.0', { services: ['duck', 'brain'] }));
  expect(robot.ends().at(-1)).toBe('rolled-back: service_start');
  expect([...robot.services.running]).toEqual(['duck']);
});

test('a service that will not stop ends the update as failed, and the old release goes on', async () => {
  const robot = await aboutToFail();
  robot.services.refuses.add('stop duck');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.ends().at(-1)).toBe('failed: service_stop');
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
  expect([...robot.services.running]).toEqual(['duck']);
});

test('services are stopped in reverse and started in order, also those that only one of the two has', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0', { services: ['runtime', 'policy', 'old'] }));
  robot.services.log.length = 0;
  await robot.updater.offer(await robot.release('2.0.0', { services: ['runtime', 'policy', 'new'] }));
  expect(robot.services.log).toEqual([
    'stop old',
    'stop policy',
    'stop runtime',
    'start runtime',
    'start policy',
    'start new',
  ]);
});

test('a failing release that its author wants left in place runs there, also after a switch that was interrupted', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  const order = await robot.release('2.0.0', { rollback: { onFailure: false } });
  robot.services.refuses.add('start duck');
  await robot.updater.offer(order);
  expect([...robot.services.running]).toEqual([]);
  robot.services.refuses.clear();
  // The journal as a power cut leaves it: rolling back, nothing started.
  const { deployment, component, candidate } = order;
  const folder = await robot.folder();
  const current = (await folder.committed())?.previous;
  const at = '2026-11-21T09:00:00Z' as never;
  const times = { startedAt: at, stepStartedAt: at };
  await robot.deps.journal.write({
    schema: 'fairlead.journal.v1',
    deployment,
    component,
    candidate,
    ...(current && { current }),
    step: 'roll-back',
    starts: 1,
    ...times,
    outcome: 'rolled-back',
  });
  await robot.restarted().recover();
  expect([...robot.services.running]).toEqual(['duck']);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
});
