import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeploymentId } from '@fairlead/shared/ids';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { unevenClock } from '@fairlead/shared/testing/test-clock';
import { MINUTE, SECOND } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProbeVerdict } from '../health/prober.ts';
import { openSqliteSpool } from '../outbox/sqlite-spool.ts';
import { applicationFolder, DUCK, testRobot } from '../update/testing/test-robot.ts';
import { createMonitor } from './monitor.ts';
import { plannedWork } from './planned-work.ts';
import { virtualTime } from './testing/virtual-time.ts';

const CHECKED = { healthChecks: [{ http: { url: 'http://127.0.0.1:9208/health' } } satisfies HealthCheck] };

/** A robot that runs the real updater, and a monitor whose time passes when the test says so. */
async function monitoredRobot() {
  const time = virtualTime();
  const clock = unevenClock(() => Date.UTC(2026, 10, 28) + time.elapsed());
  const health: { verdict: ProbeVerdict['verdict'] } = { verdict: 'healthy' };
  const begin = async (root: string) => {
    const spool = openSqliteSpool({
      file: join(root, 'spool.db'),
      bootId: 'boot',
      clock: Object.assign(clock, { trust: () => 'director' as const }),
      onTrouble: () => {},
    });
    onTestFinished(() => spool.close());
    return spool;
  };
  const work = plannedWork();
  const robot = await testRobot({ work });
  const { probe } = robot.deps.prober;
  const spool = await begin(robot.root);
  const startMonitor = (reports = spool, of = work) => {
    let checkIns = 0;
    const monitor = createMonitor({
      layout: robot.layout,
      folderOf: () => robot.folder(),
      prober: { probe: async () => ({ verdict: health.verdict, detail: 'answered 500' }) },
      services: robot.services,
      isDamaged: () => false,
      work: of,
      reports,
      clock,
      ...time,
      random: () => 0.5,
      onChange: () => (checkIns += 1),
      log: () => {},
    });
    const stop = new AbortController();
    const ended = monitor.run(stop.signal);
    const end = async () => {
      stop.abort();
      await ended;
    };
    onTestFinished(end);
    const shown = async () => monitor.withHealth(await robot.updater.components())[0]?.health;
    /** The disk is read in real time: waits until what is committed is watched. */
    const watches = () => vi.waitFor(async () => expect(await shown()).toBeDefined(), { timeout: 20_000 });
    return { monitor, shown, end, watches, checkIns: () => checkIns };
  };
  await robot.updater.recover();
  const reports = () => spool.oldest(100).map(({ body }) => describeReport(body));
  return { ...robot, time, health, spool, begin, work, probe, startMonitor, reports };
}

/** It runs 1.0.0, whose checks pass, and is monitored. */
async function robotWithRelease(sections: object = CHECKED) {
  const robot = await monitoredRobot();
  const monitor = robot.startMonitor();
  const order = await robot.release('1.0.0', sections);
  await robot.updater.offer(order);
  await monitor.watches();
  return { robot, monitor, order };
}

/** Its checks have failed for five minutes since. */
async function robotWithFailedChecks() {
  const world = await robotWithRelease();
  world.robot.health.verdict = 'unhealthy';
  await world.robot.time.pass(5 * MINUTE);
  return world;
}

function describeReport(body: ReportEvent): string {
  if (body.event === 'health-changed') return `${body.state} ${body.active?.version} ${body.deployment ?? 'by hand'}`;
  if (body.event === 'alarm') return `alarm ${body.refusal.category}`;
  return body.event;
}

describe('a robot whose release becomes unhealthy after its commit', () => {
  test('shows it in its check-ins, reports it exactly once with an alarm, and asks for a check-in', async () => {
    const { robot, monitor, order } = await robotWithRelease();
    await robot.time.pass(SECOND);
    expect(await monitor.shown()).toEqual({ state: 'healthy', since: '2026-11-28T00:00:00.000Z' });
    robot.health.verdict = 'unhealthy';
    await robot.time.pass(10 * MINUTE);
    expect(await monitor.shown()).toMatchObject({
      state: 'degraded',
      since: '2026-11-28T00:01:30.000Z',
      refusal: { phase: 'monitor', component: DUCK, category: 'health_check', detail: 'answered 500' },
    });
    expect(robot.reports()).toEqual(['alarm health_check', `degraded 1.0.0 ${order.deployment}`]);
    expect(monitor.checkIns()).toBe(2);
    // The policy of the rollout decides what follows: the robot never rolls back by itself.
    expect((await robot.slots()).active).toBe('1.0.0');
    expect(robot.ends()).toEqual(['succeeded']);
  });

  test('is not degraded after a boot while its application takes the time to start that its checks declare', async () => {
    const robot = await monitoredRobot();
    const http = { url: 'http://127.0.0.1:9208/health', attempts: 60, intervalSec: 5 };
    await robot.updater.offer(await robot.release('1.0.0', { healthChecks: [{ http }] }));
    const work = plannedWork();
    const booted = robot.startMonitor(robot.spool, work);
    robot.health.verdict = 'unhealthy';
    work.end();
    await booted.watches();
    await robot.time.pass(4 * MINUTE);
    robot.health.verdict = 'healthy';
    await robot.time.pass(MINUTE);
    expect(await booted.shown()).toMatchObject({ state: 'healthy' });
    expect(robot.reports()).toEqual([]);
  });

  test('reports that it recovered, and resolves the alarm', async () => {
    const { robot, order } = await robotWithFailedChecks();
    robot.health.verdict = 'healthy';
    await robot.time.pass(30 * MINUTE);
    expect(robot.reports().slice(2)).toEqual(['alarm-resolved', `healthy 1.0.0 ${order.deployment}`]);
  });

  test('is degraded since the same moment after a restart of its agent, and does not report it again', async () => {
    const { robot, monitor, order } = await robotWithFailedChecks();
    const shown = await monitor.shown();
    await monitor.end();
    robot.spool.close();

    robot.health.verdict = 'healthy';
    const spool = await robot.begin(robot.root);
    const work = plannedWork();
    const after = robot.startMonitor(spool, work);
    // Its first check-in comes before everything on the disk was measured.
    expect(await after.shown()).toEqual(shown);
    work.end();
    await after.watches();
    await robot.time.pass(SECOND);
    expect(await after.shown()).toEqual(shown);
    await robot.time.pass(30 * MINUTE);
    expect(await after.shown()).toMatchObject({ state: 'healthy' });
    expect(spool.oldest(100).map(({ body }) => describeReport(body))).toEqual([
      'alarm health_check',
      `degraded 1.0.0 ${order.deployment}`,
      'alarm-resolved',
      `healthy 1.0.0 ${order.deployment}`,
    ]);
  });

  test('is healthy with the next release that works, and the alarm of the one before is resolved', async () => {
    const { robot, monitor } = await robotWithFailedChecks();
    robot.health.verdict = 'healthy';
    const next = await robot.release('2.0.0', CHECKED);
    await robot.updater.offer(next);
    await monitor.watches();
    await robot.time.pass(SECOND);
    expect(await monitor.shown()).toMatchObject({ state: 'healthy' });
    expect(robot.reports().slice(2)).toEqual(['alarm-resolved', `healthy 2.0.0 ${next.deployment}`]);
  });

  test('the alarm is resolved where the next release declares nothing that could be checked', async () => {
    const { robot, monitor } = await robotWithFailedChecks();
    await robot.updater.offer(await robot.release('2.0.0', { services: [] }));
    await vi.waitFor(() => expect(robot.reports()).toHaveLength(4), { timeout: 20_000 });
    expect(await monitor.shown()).toBeUndefined();
    expect(robot.reports().slice(2)).toEqual(['alarm-resolved', expect.stringMatching(/^healthy 2\.0\.0/)]);
  });

  test('stays degraded where the next release fails its probation and is rolled back', async () => {
    const { robot, monitor } = await robotWithFailedChecks();
    robot.health.verdict = 'healthy';
    robot.deps.prober.probe = async (check, context) =>
      context.folder.includes('2.0.0') ? { verdict: 'unhealthy', detail: 'answered 500' } : robot.probe(check, context);
    await robot.updater.offer(await robot.release('2.0.0', CHECKED));
    await monitor.watches();
    await robot.time.pass(SECOND);
    expect(robot.ends()).toEqual(['succeeded', 'rolled-back: health_check']);
    expect(await monitor.shown()).toMatchObject({ state: 'degraded' });
    expect(robot.reports()).toHaveLength(2);
  });
});

test('a release that an older author wrote, without health checks and monitoring, still has its services watched', async () => {
  const { robot, monitor } = await robotWithRelease({});
  await robot.time.pass(SECOND);
  expect(await monitor.shown()).toMatchObject({ state: 'healthy' });
  let restarts = 0;
  robot.services.state = async () => ({ state: 'running', restarts: (restarts += 1), detail: '' });
  await robot.time.pass(5 * MINUTE);
  expect(await monitor.shown()).toMatchObject({ state: 'degraded', refusal: { category: 'service_restarts' } });
});

test('a restart that a person ordered on the robot is no failure, and the release before is watched from then on', async () => {
  const robot = await monitoredRobot();
  const monitor = robot.startMonitor();
  await robot.updater.offer(
    await robot.release('1.0.0', { healthChecks: [{ systemd: { unit: 'duck', maxRestarts: 0 } }] }),
  );
  await robot.updater.offer(
    await robot.release('2.0.0', { healthChecks: [{ systemd: { unit: 'duck', maxRestarts: 0 } }] }),
  );
  await robot.time.pass(SECOND);
  expect(await robot.updater.rollBackLocally(DUCK, 'alice')).toMatchObject({ ok: true });
  await monitor.watches();
  await robot.time.pass(5 * MINUTE);
  expect((await robot.slots()).active).toBe('1.0.0');
  expect(await monitor.shown()).toMatchObject({ state: 'healthy' });
  expect(robot.reports()).toEqual([]);
});

test('a release in probation is not monitored: neither the release before nor it is shown as healthy', async () => {
  const { robot, monitor } = await robotWithRelease();
  await robot.time.pass(SECOND);
  let shown: unknown = 'never asked';
  robot.deps.prober.probe = async (check, context) => {
    shown = await monitor.shown();
    return robot.probe(check, context);
  };
  await robot.updater.offer(await robot.release('2.0.0', CHECKED));
  await monitor.watches();
  expect(shown).toBeUndefined();
});

describe('a rollback that the server orders for a release that was committed and is degraded', () => {
  /** 1.0.0 with its state, then 2.0.0 which spoils the state, is committed and becomes degraded. */
  async function degradedRobot() {
    const robot = await monitoredRobot();
    const monitor = robot.startMonitor();
    const state = join(await applicationFolder(), 'calibration');
    await writeFile(state, 'of 1.0.0');
    const sections = { ...CHECKED, state: { backup: [state] } };
    const before = await robot.release('1.0.0', sections);
    await robot.updater.offer(before);
    await monitor.watches();
    await robot.updater.offer(await robot.release('2.0.0', sections));
    await monitor.watches();
    await writeFile(state, 'of 2.0.0');
    robot.health.verdict = 'unhealthy';
    await robot.time.pass(5 * MINUTE);
    expect(await monitor.shown()).toMatchObject({ state: 'degraded' });
    const back = { ...before, deployment: 'dep_0000000009' as DeploymentId };
    return { ...robot, monitor, state, back };
  }

  test('brings the release before, which is healthy and resolves the alarm; the state is kept', async () => {
    const robot = await degradedRobot();
    robot.health.verdict = 'healthy';
    await robot.updater.offer(robot.back);
    await robot.monitor.watches();
    await robot.time.pass(SECOND);
    expect(await robot.slots()).toMatchObject({ active: '1.0.0', previous: '2.0.0' });
    expect(robot.ends()).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await robot.monitor.shown()).toMatchObject({ state: 'healthy' });
    expect(robot.reports().slice(2)).toEqual(['alarm-resolved', 'healthy 1.0.0 dep_0000000009']);
    // Since its commit the state belongs to the work that the robot has done.
    expect(await readFile(robot.state, 'utf8')).toBe('of 2.0.0');
  });

  test('measures its target: what the disk has damaged is fetched again before anything stops', async () => {
    const robot = await degradedRobot();
    await robot.updater.offer({ ...robot.back, deployment: 'dep_0000000008' as DeploymentId });
    await robot.updater.offer(await robot.release('3.0.0', CHECKED));
    const target = (await robot.folder()).paths.release(robot.back.candidate);
    await writeFile(join(target, 'policy.onnx'), 'rotten');
    await robot.updater.offer(robot.back);
    expect((await robot.slots()).active).toBe('1.0.0');
    expect(await robot.updater.verifyActive(DUCK)).toMatchObject([{ version: '1.0.0', measured: { ok: true } }]);
  });

  test('that fails its probation returns to the degraded release with its state, still degraded', async () => {
    const robot = await degradedRobot();
    robot.deps.prober.probe = async (check, context) => {
      if (!context.folder.includes('1.0.0')) return robot.probe(check, context);
      await writeFile(robot.state, 'spoilt');
      return { verdict: 'unhealthy', detail: 'answered 500' };
    };
    await robot.updater.offer(robot.back);
    await robot.monitor.watches();
    expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
    expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
    expect(await readFile(robot.state, 'utf8')).toBe('of 2.0.0');
    expect(await robot.monitor.shown()).toMatchObject({ state: 'degraded' });
    expect(robot.reports()).toHaveLength(2);
  });
});
