import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComponentName } from '@fairlead/shared/ids';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServiceCommand } from '../config.ts';
import { findLeadersByMark, hasLiveMember } from './process-group.ts';
import { type ProcessServiceManager, processServiceManager } from './process-service-manager.ts';
import { describeServiceManager } from './service-manager-contract.ts';

const component = 'duck-policy' as ComponentName;
const STEADY = `#!/bin/sh\necho "$$ in $PWD with token=$FAIRLEAD_TOKEN"\nsleep 1000 & wait\n`;
/** SIGTERM does not end it. */
const STUBBORN = `#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n`;

/** A robot on disk with one active release. */
function robotOnDisk() {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-services-'));
  const release = join(root, 'components', component, 'releases', '1.0.0-abc');
  mkdirSync(release, { recursive: true });
  const programs = {
    steady: STEADY,
    stubborn: STUBBORN,
    crashing: '#!/bin/sh\nexit 3\n',
    forking: '#!/bin/sh\nsetsid sleep 1000 &\nwait\n',
    daemon: '#!/bin/sh\nsetsid sleep 1000 &\nsleep 0.05\nexit 0\n',
  };
  for (const [name, script] of Object.entries(programs)) writeFileSync(join(release, name), script, { mode: 0o755 });
  symlinkSync('releases/1.0.0-abc', join(root, 'components', component, 'active'));
  const command = (program: string): ServiceCommand => ({ component, run: [program] });
  const commands: Record<string, ServiceCommand> = {
    steady: command('./steady'),
    crashing: command('./crashing'),
    forking: command('./forking'),
    daemon: command('./daemon'),
    stubborn: { ...command('./stubborn'), stopTimeoutSec: 1 },
    missing: command('./not-in-this-release'),
  };
  const startAgent = (bootId = 'boot-1') =>
    processServiceManager({ root, bootId, commands, pace: { watchMs: 20, firstPauseMs: 10 } });
  const recordOf = (service: string): unknown =>
    JSON.parse(readFileSync(join(root, 'services', `${service}.json`), 'utf8'));
  /** What the last agent wrote down of a service that is wanted. */
  const note = (service: string, known: object): void =>
    writeFileSync(
      join(root, 'services', `${service}.json`),
      JSON.stringify({ wanted: 'running', bootId: 'boot-1', ...known }),
    );
  return { root, release, startAgent, recordOf, note };
}
async function withAgent(): Promise<ReturnType<typeof robotOnDisk> & { manager: ProcessServiceManager }> {
  const robot = robotOnDisk();
  const manager = await robot.startAgent();
  onTestFinished(async () => {
    await manager.close('stop');
    rmSync(robot.root, { recursive: true });
  });
  return { ...robot, manager };
}
const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const pidIn = (detail: string): number => Number(/process (\d+)/.exec(detail)?.[1]);

describeServiceManager('process', async () => {
  const { root, startAgent } = robotOnDisk();
  const manager = await startAgent();
  const close = async () => {
    await manager.close('stop');
    rmSync(root, { recursive: true });
  };
  return { manager, steady: 'steady', crashing: 'crashing', unknown: 'nobody', close };
});

test('a service runs in its release folder and does not see the agent’s environment', async () => {
  process.env['FAIRLEAD_TOKEN'] = 'secret';
  onTestFinished(() => void delete process.env['FAIRLEAD_TOKEN']);
  const { root, release, manager } = await withAgent();
  await manager.start('steady', 'switch');
  const log = join(root, 'services', 'steady.log');
  await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8')).toMatch(/in .* with token=\n/);
  expect(readFileSync(log, 'utf8')).toContain(release);
});

test('a service keeps running while the agent restarts, and the next agent can still stop it', async () => {
  const { startAgent, manager } = await withAgent();
  await manager.start('steady', 'switch');
  const pid = pidIn((await manager.state('steady')).detail);
  await manager.close('keep');

  const next = await startAgent();
  await next.adopt();
  expect(await next.state('steady')).toMatchObject({ state: 'running', restarts: 0 });
  expect(pidIn((await next.state('steady')).detail)).toBe(pid);
  await next.stop('steady', 'switch');
  expect(runs(pid)).toBe(false);
});

test('an adopted service that dies is started again, and that exit is counted', async () => {
  const { startAgent, manager } = await withAgent();
  await manager.start('steady', 'switch');
  const pid = pidIn((await manager.state('steady')).detail);
  await manager.close('keep');
  const next = await startAgent();
  await next.adopt();
  onTestFinished(() => next.close('stop'));
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await next.state('steady')).restarts).toBe(1);
  await expect.poll(async () => pidIn((await next.state('steady')).detail)).toBeGreaterThan(0);
});

test('an agent killed between the start of a service and the note of its pid still finds it', async () => {
  const { startAgent, manager, note } = await withAgent();
  await manager.start('steady', 'switch');
  const pid = pidIn((await manager.state('steady')).detail);
  await manager.close('keep');
  note('steady', { restarts: 0 });
  const next = await startAgent();
  await next.adopt();
  onTestFinished(() => next.close('stop'));
  expect(pidIn((await next.state('steady')).detail)).toBe(pid);
});

test('an agent whose note of the pid is old adopts what runs, and starts no second one', async () => {
  const { startAgent, manager, note } = await withAgent();
  await manager.start('steady', 'switch');
  const pid = pidIn((await manager.state('steady')).detail);
  await manager.close('keep');
  const gone = spawnSync('true').pid;
  note('steady', { restarts: 0, process: { pid: gone, startTicks: 1 } });
  const next = await startAgent();
  await next.adopt();
  onTestFinished(() => next.close('stop'));
  expect(await next.state('steady')).toMatchObject({ state: 'running', restarts: 0 });
  expect(pidIn((await next.state('steady')).detail)).toBe(pid);
});

/** The last agent started the service while the disk was full: the record on disk still says that it is stopped. */
async function withUnrecordedProcess() {
  const robot = await withAgent();
  await robot.manager.start('steady', 'switch');
  const pid = pidIn((await robot.manager.state('steady')).detail);
  await robot.manager.close('keep');
  onTestFinished(() => void (runs(pid) && process.kill(-pid, 'SIGKILL')));
  robot.note('steady', { wanted: 'stopped', restarts: 0 });
  const next = await robot.startAgent();
  await next.adopt();
  onTestFinished(() => next.close('stop'));
  expect(runs(pid)).toBe(true);
  return { pid, next };
}

test('a process that the disk never recorded is replaced when its service starts, so that only one runs', async () => {
  const { pid, next } = await withUnrecordedProcess();
  expect(await next.start('steady', 'switch')).toMatchObject({ ok: true });
  expect(await hasLiveMember(pid)).toBe(false);
  expect(runs(pidIn((await next.state('steady')).detail))).toBe(true);
});

test('a process that the disk never recorded ends when its service stops', async () => {
  const { pid, next } = await withUnrecordedProcess();
  expect(await next.stop('steady', 'switch')).toMatchObject({ ok: true });
  expect(await hasLiveMember(pid)).toBe(false);
});

test('of two processes of one service the next agent adopts one and ends the other when the service stops', async () => {
  const { startAgent, manager, note } = await withAgent();
  await manager.start('steady', 'switch');
  const first = pidIn((await manager.state('steady')).detail);
  await manager.close('keep');
  // Two agents of a version that did not look for the process of the one before.
  note('steady', { restarts: 0, wanted: 'stopped' });
  const second = await startAgent();
  await second.start('steady', 'switch');
  const other = pidIn((await second.state('steady')).detail);
  await second.close('keep');
  const next = await startAgent();
  await next.adopt();
  expect(await next.stop('steady', 'switch')).toMatchObject({ ok: true });
  expect([await hasLiveMember(first), await hasLiveMember(other)]).toEqual([false, false]);
});

test('a stranger who was given the pid of a dead service is left alone', async () => {
  const { startAgent, note } = await withAgent();
  const stranger = spawn('sleep', ['1000'], { detached: true });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  note('steady', { restarts: 0, process: { pid: Number(stranger.pid), startTicks: 1 } });
  const next = await startAgent();
  await next.adopt();
  onTestFinished(() => next.close('stop'));
  await expect.poll(async () => next.state('steady')).toMatchObject({ state: 'running', restarts: 1 });
  expect(await hasLiveMember(Number(stranger.pid))).toBe(true);
});

test('a stranger who was given the pid of a dead service outlives a stop in the moment of the adoption', async () => {
  const { startAgent, note } = await withAgent();
  const stranger = spawn('sleep', ['1000'], { detached: true });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  note('steady', { restarts: 0, process: { pid: Number(stranger.pid), startTicks: 1 } });
  const next = await startAgent();
  await Promise.all([next.adopt(), next.stop('steady', 'switch')]);
  expect(await hasLiveMember(Number(stranger.pid))).toBe(true);
});

describe('a service that forks into a session of its own', () => {
  const processesOf = ({ root }: { root: string }, service: string) =>
    findLeadersByMark(`FAIRLEAD_SERVICE=${join(root, 'services', `${service}.json`)}`);

  test('ends as a whole when it stops, so that nothing old answers the checks of the next release', async () => {
    const robot = await withAgent();
    await robot.manager.start('forking', 'switch');
    await expect.poll(() => processesOf(robot, 'forking')).toHaveLength(2);
    expect((await robot.manager.stop('forking', 'switch')).ok).toBe(true);
    expect(await processesOf(robot, 'forking')).toEqual([]);
  });

  test('and leaves its daemon behind with each exit does not fill the robot', async () => {
    const robot = await withAgent();
    await robot.manager.start('daemon', 'switch');
    await expect
      .poll(async () => (await robot.manager.state('daemon')).restarts, { timeout: 20_000 })
      .toBeGreaterThan(3);
    expect((await processesOf(robot, 'daemon')).length).toBeLessThanOrEqual(2);
    await robot.manager.stop('daemon', 'switch');
    expect(await processesOf(robot, 'daemon')).toEqual([]);
  });
});

test('crashes are counted on when the agent restarts between two of them', async () => {
  const { startAgent, note } = await withAgent();
  note('crashing', { restarts: 5 });
  const next = await startAgent();
  await next.adopt();
  onTestFinished(() => next.close('stop'));
  expect((await next.state('crashing')).restarts).toBeGreaterThanOrEqual(5);
});

test('a disk that takes no record keeps no service from starting and stopping', async () => {
  const { root, manager } = await withAgent();
  mkdirSync(join(root, 'services', 'steady.json'));
  expect((await manager.start('steady', 'switch')).ok).toBe(true);
  const pid = pidIn((await manager.state('steady')).detail);
  expect((await manager.stop('steady', 'switch')).ok).toBe(true);
  expect(runs(pid)).toBe(false);
});

test('a file in the place of the folder of the services is moved aside, and keeps no service from starting', async () => {
  const robot = robotOnDisk();
  writeFileSync(join(robot.root, 'services'), 'rot');
  const manager = await robot.startAgent();
  onTestFinished(async () => {
    await manager.close('stop');
    rmSync(robot.root, { recursive: true });
  });
  expect((await manager.start('steady', 'switch')).ok).toBe(true);
  expect(robot.recordOf('steady')).toMatchObject({ wanted: 'running' });
});

test('after a reboot a service is started again, and that is no crash', async () => {
  const { startAgent, manager } = await withAgent();
  await manager.start('steady', 'switch');
  await manager.stop('steady', 'switch');
  await manager.start('steady', 'switch');
  await manager.close('keep');
  const afterBoot = await startAgent('boot-2');
  await afterBoot.adopt();
  onTestFinished(() => afterBoot.close('stop'));
  expect(await afterBoot.state('steady')).toMatchObject({ state: 'running', restarts: 0 });
});

test('a service that ignores SIGTERM is killed with everything it forked', async () => {
  const { manager } = await withAgent();
  await manager.start('stubborn', 'switch');
  const pid = pidIn((await manager.state('stubborn')).detail);
  expect((await manager.stop('stubborn', 'switch')).ok).toBe(true);
  expect(await hasLiveMember(pid)).toBe(false);
});

test('a program that the release does not have is refused by name', async () => {
  const { manager } = await withAgent();
  const started = await manager.start('missing', 'switch');
  expect(!started.ok && started.refused).toMatchObject({ category: 'no_program', element: 'missing', component });
  expect((await manager.state('missing')).state).toBe('stopped');
});
