import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { begin, deploy, endOf, expectRunning, untilState } from '../system/harness/orders.ts';
import { noPostgres, type Replica, test } from './harness/replicas.ts';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/control-plane/main'));
const loads = new Set<{ stop(): Promise<void> }>();
afterAll(() => Promise.all([...loads].map((load) => load.stop())));

/** People who write to a replica all the time, whatever it answers. */
function load({ api }: Replica) {
  let [going, answered] = [true, 0];
  const write = async () => {
    while (going) {
      const made = api.createEnrolmentToken({ body: { environment: 'development' } });
      answered += await made.then(
        () => 1,
        () => pause(50, 0),
      );
    }
  };
  const writers = [write(), write(), write()];
  const running = {
    answered: () => answered,
    stop: async () => {
      going = false;
      loads.delete(running);
      await Promise.all(writers);
    },
  };
  loads.add(running);
  return running;
}

describe.skipIf(noPostgres)(`replicas${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let duck: LivingRobot;

  test('an order at one replica reaches a robot whose long-poll the other one holds', async ({ replicas }) => {
    const { fleet, b } = replicas;
    duck = await replicas.join('duck-1');
    await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
    const settings = await fleet.api.showSettings();
    const patient = { checkInIntervalSec: 60, longPollSec: 25, lateAfterSec: 120, offlineAfterSec: 300 };
    await fleet.api.changeSettings({ body: { ...settings, ...patient } });
    await waitFor('the other replica to know the new pace', async () => {
      const { longPollSec } = await b.api.showSettings();
      return longPollSec === 25 || undefined;
    });
    await deploy(fleet, duck, 'walking@1.0.0');

    // Whoever asks now waits at B for 25 s, unless A's order wakes it.
    await pause(3000);
    await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 1, parkMs: 2000 });
    const ordered = await begin(fleet, duck, 'walking@2.0.0');
    const { events } = (await endOf(fleet, ordered)).view && (await fleet.api.showDeployment({ params: ordered }));
    const offered = events.find(({ state }) => state === 'offered');
    const waited = Date.parse(offered?.at ?? '') - Date.parse(ordered.createdAt);
    process.stdout.write(`offered by the other replica after ${waited} ms\n`);
    expect(waited).toBeLessThan(10_000);
    await expectRunning(duck, 'walking@2.0.0');
    await fleet.api.changeSettings({ body: { ...settings, checkInIntervalSec: 1, longPollSec: 5 } });
  });

  test('kill -9 of a replica in the middle of an update, under load: the robot ends it at the other', async ({
    replicas,
  }) => {
    const { fleet, a, b, network } = replicas;
    const writing = [load(a), load(b)];
    const ordered = await begin(fleet, duck, 'walking@1.0.0');
    await untilState(fleet, ordered, 'offered');
    await b.server.kill();
    network.leadTo(a.controlPlane.url);
    const { view, events } = await endOf(fleet, ordered);
    expect(view.state).toBe('succeeded');
    // What the robot reported to one and repeated to the other is one report.
    const states = events.map(({ state }) => state);
    expect(new Set(states).size).toBe(states.length);
    await expectRunning(duck, 'walking@1.0.0');
    for (const one of writing) await one.stop();
    b.server = await b.controlPlane.start();
    expect(await replicas.ready(b)).toMatchObject({ ok: true });
    network.leadTo(b.controlPlane.url);
  });

  test('a replica that is stopped for longer than any lease, under load, holds nobody up and comes back', async ({
    replicas,
  }) => {
    const { fleet, a, b, network } = replicas;
    const writing = load(b);
    await waitFor('the load', () => writing.answered() > 20 || undefined);
    process.kill(b.server.pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(b.server.pid, 'SIGCONT'));
    network.leadTo(a.controlPlane.url);
    // Longer than a paused writer may hold the lock, or a driver its rollout.
    const slept = pause(16_000);
    const ended = await deploy(fleet, duck, 'walking@2.0.0');
    expect(ended.view.state).toBe('succeeded');
    await slept;
    process.kill(b.server.pid, 'SIGCONT');
    const before = writing.answered();
    await waitFor('the load to go on', () => writing.answered() > before + 5 || undefined);
    await writing.stop();
    expect(b.server.alive()).toBe(true);
    await waitFor('the replica to be ready', async () => (await replicas.ready(b)).ok || undefined);
    // It knows what happened meanwhile, and its robots hear of what is ordered at the other.
    network.leadTo(b.controlPlane.url);
    const known = await b.api.showDeployment({ params: { deployment: ended.view.deployment } });
    expect(known.deployment.state).toBe('succeeded');
    expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');
  });

  test('a database that restarts: both say so, both come back, and robots go on', async ({ replicas }) => {
    const { fleet, a, b, postgres } = replicas;
    await postgres.stop();
    for (const replica of [a, b]) {
      await waitFor('the replica to be unready', async () => !(await replicas.ready(replica)).ok || undefined);
    }
    const login = await fetch(`${a.controlPlane.url}/api/v1/me`, { headers: { authorization: 'Bearer nobody' } });
    expect([401, 503]).toContain(login.status);
    await postgres.start();
    for (const replica of [a, b]) {
      const { said } = await waitFor('the replica to be ready', async () => {
        const now = await replicas.ready(replica);
        return now.ok ? now : undefined;
      });
      expect(said).toContain('PostgreSQL answers');
      expect(replica.server.alive()).toBe(true);
    }
    expect((await deploy(fleet, duck, 'walking@2.0.0')).view.state).toBe('succeeded');
  });

  test('a database that cannot be reached, or refuses, is said in one line without a password', async ({
    replicas,
  }) => {
    const data = await mkdtemp(join(tmpdir(), 'fairlead-refused-'));
    const start = (...args: string[]) =>
      new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(process.execPath, [MAIN, '--data', data, '--listen', '127.0.0.1:0', ...args], (error, _, stderr) =>
          resolve({ code: error?.code, stderr }),
        );
      });
    const unreachable = await start('--database', 'postgres://eve:hunter2@127.0.0.1:1/fleet');
    expect(unreachable).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('127.0.0.1:1/fleet does not answer'),
    });
    const refused = await start('--database', replicas.postgres.url(replicas.database, 'hunter2'));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('refuses the user or the password') });
    for (const { stderr } of [unreachable, refused]) {
      expect(stderr).not.toContain('hunter2');
      expect(stderr).not.toContain('    at ');
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});
