import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '@fairlead/shared/failure';
import { expect, test } from 'vitest';
import { cutAfter } from './testing/memory-blobs.ts';
import { applicationFolder, DUCK, testRobot } from './testing/test-robot.ts';

test('a robot adopts its first release, then the next, and keeps the one before', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(await robot.slots()).toEqual({ active: '2.0.0', previous: '1.0.0', staged: undefined });
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
  expect(robot.services.log).toEqual(['start duck', 'stop duck', 'start duck']);
  expect(await readFile(join(robot.root, 'components/duck-policy/active/policy.onnx'), 'utf8')).toContain('2.0.0');
});

test('after an update nothing is left but the two releases, their manifests and the mark', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) await robot.updater.offer(await robot.release(version));
  const component = robot.layout.component(DUCK);
  expect((await readdir(component.releases)).map((name) => name.slice(0, 5))).toEqual(['2.0.0', '3.0.0']);
  expect(await readdir(component.manifests)).toHaveLength(2);
  expect(await readdir(robot.layout.downloads)).toEqual([]);
  expect((await readdir(robot.root)).toSorted()).toEqual(['components', 'downloads']);
});

test('a release that names a service which the robot does not have is refused before anything is fetched', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.services.log.length = 0;
  robot.services.refuses.add('check duck');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.ends()).toEqual(['succeeded', 'rejected: no_service']);
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
  expect(robot.services.log).toEqual([]);
});

test('a release whose smoke test fails is refused before anything is touched', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.services.log.length = 0;
  const mute = {
    ...robot.deps,
    runSmokeTests: async () =>
      refuse({
        phase: 'smoke-test',
        element: 'policy.onnx',
        category: 'not_finite',
        detail: 'NaN',
        retryable: false,
        hint: '',
      } as const),
  };
  await robot.restarted(mute).offer(await robot.release('2.0.0'));
  expect(robot.ends()).toEqual(['succeeded', 'rejected: not_finite']);
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
  expect(robot.services.log).toEqual([]);
});

test('a release that is not healthy is rolled back, and the release before works again', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.health.verdict = (version) => (version === '2.0.0' ? 'unhealthy' : 'healthy');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.ends()).toEqual(['succeeded', 'rolled-back: health_check']);
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
  expect([...robot.services.running]).toEqual(['duck']);
  expect(robot.alarms()).toEqual([]);
});

test('no hint says that the release before runs again where nothing runs, or the new one is left in place', async () => {
  const robot = await testRobot();
  robot.health.verdict = () => 'unhealthy';
  await robot.updater.offer(await robot.release('1.0.0'));
  await robot.updater.offer(await robot.release('2.0.0', { rollback: { onFailure: false } }));
  expect(robot.ends()).toEqual(['rolled-back: health_check', 'failed: health_check']);
  for (const hint of robot.hints()) expect(hint).not.toContain('running again');
});

test('a health check that can not run is not good', async () => {
  const robot = await testRobot();
  robot.health.verdict = () => 'unknown';
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.ends()).toEqual(['rolled-back: health_unknown']);
  expect(await robot.slots()).toMatchObject({ active: undefined });
  expect([...robot.services.running]).toEqual([]);
});

test('a release that turns bad late in its probation is rolled back', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  const switchedAt = robot.time.elapsed;
  robot.health.verdict = (version) =>
    version === '2.0.0' && robot.time.elapsed > switchedAt + 20_000 ? 'unhealthy' : 'healthy';
  await robot.updater.offer(await robot.release('2.0.0', { probation: { seconds: 60 } }));
  expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
});

test('a single hiccup in probation is no reason to roll back', async () => {
  const robot = await testRobot();
  let asked = 0;
  robot.health.verdict = () => ((asked += 1) === 3 ? 'unhealthy' : 'healthy');
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.ends()).toEqual(['succeeded']);
});

test('an author may ask to leave a failing release in place', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.health.verdict = (version) => (version === '2.0.0' ? 'unhealthy' : 'healthy');
  await robot.updater.offer(await robot.release('2.0.0', { rollback: { onFailure: false } }));
  expect(robot.ends().at(-1)).toBe('failed: health_check');
  expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
});

test('a deployment that ended here is not begun again, and not told again', async () => {
  const robot = await testRobot();
  robot.health.verdict = () => 'unhealthy';
  const order = await robot.release('1.0.0');
  await robot.updater.offer(order);
  const said = robot.reports.length;
  robot.health.verdict = () => 'healthy';
  await robot.restarted().offer(order);
  expect(robot.reports).toHaveLength(said);
});

test('the release that runs already is skipped after it was measured', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  await robot.updater.offer(order);
  const again = { ...order, deployment: (await robot.release('9.9.9')).deployment };
  await robot.updater.offer(again);
  expect(robot.ends()).toEqual(['succeeded', 'skipped']);
});

test('a moment without memory does not reject an order that was found to fit: it is asked about once', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0', { requires: { minFreeMemoryMb: 1_000_000 } }));
  expect(robot.ends()).toEqual(['succeeded']);
});

test('a blob with one flipped bit is rejected, deleted and not resumed from', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  const { sha256 } = order.manifest.bundle;
  const sound = robot.blobs.blobs.get(sha256) ?? new Uint8Array();
  robot.blobs.blobs.set(
    sha256,
    sound.map((byte, index) => (index === 100 ? byte ^ 1 : byte)),
  );
  await robot.updater.offer(order);
  expect(robot.ends()).toEqual(['rejected: hash']);
  expect(await readdir(robot.layout.downloads)).toEqual([]);
});

test('a download whose line drops goes on where it stopped', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0', {}, [{ path: 'noise.bin', content: noise(20_000) }]);
  robot.blobs.moods.push(cutAfter(5000), cutAfter(3000));
  await robot.updater.offer(order);
  expect(robot.ends()).toEqual(['succeeded']);
  expect(robot.blobs.requests.map(({ from }) => from)).toEqual([0, 5000, 8000]);
});

test('a release file changed between test and switch is rejected, and the old release never stops', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.services.log.length = 0;
  const order = await robot.release('2.0.0');
  const policy = join(robot.layout.component(DUCK).release(order.candidate), 'policy.onnx');
  robot.permission.ask = async () => {
    await chmod(policy, 0o644);
    await writeFile(policy, (await readFile(policy, 'utf8')).replace('w', 'W'));
    await chmod(policy, 0o444);
    return { granted: true };
  };
  await robot.updater.offer(order);
  expect(robot.ends().at(-1)).toBe('rejected: hash');
  expect(robot.services.log).toEqual([]);
  expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
});

test('a robot whose running release is damaged does not switch: it could not come back', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  const policy = join(robot.root, 'components/duck-policy/active/policy.onnx');
  await chmod(policy, 0o644);
  await writeFile(policy, 'rot');
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.ends().at(-1)).toBe('failed: parachute_damaged');
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
});

test('a robot that can not save its state in the moment of the switch has switched nothing', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  const state = join(await applicationFolder(), 'legs.json');
  const order = await robot.release('2.0.0', { state: { backup: [state] } });
  const contents = join(robot.layout.component(DUCK).stateBackup(order.deployment), 'contents');
  robot.permission.ask = async () => {
    await rm(contents, { recursive: true, force: true });
    await writeFile(contents, 'in the way');
    return { granted: true };
  };
  await robot.updater.offer(order);
  expect(robot.ends().at(-1)).toMatch(/^failed: /);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  expect([...robot.services.running]).toEqual(['duck']);
});

test('the window is asked again right before the switch, and a robot whose time has passed waits on', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  robot.services.log.length = 0;
  robot.permission.answers.push(false, true, false, false, true, true);
  await robot.updater.offer(await robot.release('2.0.0'));
  expect(robot.permission.answers).toEqual([]);
  expect(robot.ends().at(-1)).toBe('succeeded');
  expect(robot.services.log).toEqual(['stop duck', 'start duck']);
});

test('an update can be cancelled before its first step, also while it stands behind another', async () => {
  const robot = await testRobot();
  const [first, second] = [await robot.release('1.0.0'), await robot.release('2.0.0')];
  const both = [robot.updater.offer(first), robot.updater.offer(second)];
  robot.updater.requestCancel(second.deployment);
  await Promise.all(both);
  expect(robot.ends()).toEqual(['succeeded', 'cancelled: cancelled']);
});

test('an update that waits can be cancelled and leaves nothing', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  robot.permission.ask = async () => {
    robot.updater.requestCancel(order.deployment);
    return {
      granted: false,
      reason: { phase: 'wait', element: 'w', category: 'outside_window', detail: '', retryable: true, hint: '' },
      askAgainInMs: 10,
    };
  };
  await robot.updater.offer(order);
  expect(robot.ends()).toEqual(['cancelled: cancelled']);
  expect(await readdir(robot.layout.component(DUCK).releases)).toEqual([]);
});

test('a person on the robot goes back to the release before, and with a confirmation forward again', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(await robot.updater.rollBackLocally(DUCK, 'ann')).toMatchObject({
    ok: false,
    refused: { category: 'no_previous' },
  });
  await robot.updater.offer(await robot.release('2.0.0'));
  expect((await robot.updater.rollBackLocally(DUCK, 'ann')).ok).toBe(true);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0', previous: '2.0.0' });
  expect(robot.reports.at(-1)).toMatchObject({
    event: 'local-rollback',
    by: 'ann',
    active: { version: '1.0.0', releaseCounter: 1 },
  });
  expect((await robot.updater.rollBackLocally(DUCK, 'ann', { confirmAbandoned: true })).ok).toBe(true);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
});

test('an interrupted update comes to its end, whatever the disk did to another component', async () => {
  const robot = await testRobot();
  let stopping: Promise<void> | undefined;
  robot.permission.ask = async () => {
    stopping ??= robot.updater.stop();
    return { granted: false, reason: REASON, askAgainInMs: 10 };
  };
  await robot.updater.offer(await robot.release('1.0.0'));
  await stopping;
  robot.permission.ask = async () => ({ granted: true });
  await mkdir(join(robot.layout.components, 'arm'));
  await writeFile(join(robot.layout.components, 'arm/releases'), 'no folder any more');
  const agent = robot.restarted();
  await agent.recover();
  expect(robot.ends()).toEqual(['succeeded']);
  // A file where a folder belongs is moved aside.
  expect(robot.alarms()).toEqual([]);
  expect(await agent.components()).toMatchObject([{ component: 'arm' }, { active: { version: '1.0.0' } }]);
});

test('a journal nobody can read costs the update and not the robot', async () => {
  const robot = await testRobot();
  await robot.updater.offer(await robot.release('1.0.0'));
  await writeFile(robot.layout.journal, '{"schema":"fairlead.journ');
  await robot.restarted().recover();
  expect(robot.alarms()).toEqual(['bad_journal']);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  expect((await readdir(robot.root)).some((name) => name.startsWith('journal.json.bad-'))).toBe(true);
});

test('going back to the release before needs no download, unless it is damaged', async () => {
  const robot = await testRobot();
  const first = await robot.release('1.0.0');
  await robot.updater.offer(first);
  await robot.updater.offer(await robot.release('2.0.0'));
  const asked = robot.blobs.requests.length;
  await robot.updater.offer({ ...first, deployment: (await robot.release('9.9.9')).deployment });
  expect(robot.blobs.requests).toHaveLength(asked);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0', previous: '2.0.0' });
  const policy = join(robot.root, 'components/duck-policy/previous/policy.onnx');
  await chmod(policy, 0o644);
  await writeFile(policy, 'rot');
  await robot.updater.offer({ ...(await robot.release('2.0.0')) });
  expect(robot.blobs.requests).toHaveLength(asked + 1);
  expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
});

test('an agent that stops while it waits goes on after its restart', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  let stopping: Promise<void> | undefined;
  robot.permission.ask = async () => {
    stopping ??= robot.updater.stop();
    return { granted: false, reason: REASON, askAgainInMs: 10 };
  };
  await robot.updater.offer(order);
  await stopping;
  expect(robot.ends()).toEqual([]);
  robot.permission.ask = async () => ({ granted: true });
  await robot.restarted().recover();
  expect(robot.ends()).toEqual(['succeeded']);
});

const REASON = {
  phase: 'wait',
  element: 'w',
  category: 'outside_window',
  detail: '',
  retryable: true,
  hint: '',
} as const;

const noise = (bytes: number): Uint8Array => {
  const out = new Uint8Array(bytes);
  let seed = 1;
  for (let at = 0; at < bytes; at += 1) out[at] = (seed = (seed * 48_271) % 2_147_483_647) & 255;
  return out;
};
