import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import { MINUTE } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { inProcessSignals } from '../signals/signals.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { type FleetRobot, fleetRobot, installed, running, type TestFleet, testFleet } from '../testing/test-fleet.ts';
import { testRobot } from '../testing/test-robot.ts';
import { MOST_CALLS } from './wake-up-calls.ts';

const duck = 'duck-policy' as ComponentName;
async function deploy({ operator }: TestFleet, version: string, robot = 'duck-1') {
  const body = { target: { robot: robot as RobotId }, component: duck, version: version as Version };
  const [deployment] = (await operator.deploy({ body })).deployments;
  if (!deployment) throw new Error('nothing was deployed');
  return deployment;
}
const seqOf = async (robot: FleetRobot) => (await robot.ask()).assignment?.seq;

describe('a check-in', () => {
  test('is answered for this robot, this question and a few minutes, also where nothing is ordered', async () => {
    const { robot } = await testFleet();
    const duck1 = await robot('duck-1');
    expect((await duck1.ask()).assignment).toMatchObject({
      robot: 'duck-1',
      environment: 'development',
      seq: 0,
      issuedAt: '2026-11-21T09:00:00.000Z',
      expiresAt: '2026-11-21T09:10:00.000Z',
      components: [],
      minTimestampVersion: 1,
      minSnapshotVersion: 1,
    });
  });

  test('of an older agent is not refused for the name of a metric: its value is left out', async () => {
    const { robot, controlPlane } = await testFleet();
    const { store, clock, onlineKeys } = controlPlane;
    const { name, signer } = await robot('duck-1');
    const replica = await testControlPlane({ clock, replica: { store, signals: inProcessSignals(), onlineKeys } });
    await testRobot(replica, name, { signer }).checkIn({ metrics: { 'gpu/0 temp': 71, fps: 30 } });
    // It writes what it was told.
    await replica.stop();
    const { heard } = await store.presence.since(-1);
    expect(heard.map(({ facts }) => facts.metrics)).toEqual([{ fps: 30 }]);
  });

  test('brings an order, offered from then on, and a seq that rises only when the order changes', async () => {
    const fleet = await testFleet();
    const release = await fleet.publisher.publish({ version: '1.0.0' });
    const duck1 = await fleet.robot('duck-1');
    const { deployment } = await deploy(fleet, '1.0.0');
    const { assignment } = await duck1.ask();
    expect(assignment?.components).toEqual([
      {
        component: duck,
        deployment,
        target: {
          path: 'releases/development/duck-policy-1.0.0.json',
          version: '1.0.0',
          sha256: release.manifestSha256,
          length: Buffer.byteLength(release.text),
        },
      },
    ]);
    const { events } = await fleet.operator.showDeployment({ params: { deployment } });
    expect(events.map(({ state, by }) => `${state} by ${by}`)).toEqual([
      'pending by the-admin',
      'offered by control-plane',
    ]);
    expect(await seqOf(duck1)).toBe(assignment?.seq);
    await fleet.publisher.publish({ version: '1.1.0' });
    expect(await seqOf(duck1)).toBe(assignment?.seq);
    await deploy(fleet, '1.1.0');
    expect(await seqOf(duck1)).toBeGreaterThan(assignment?.seq ?? Infinity);
  });

  test('keeps naming what succeeded, and leaves out what was rejected so that the robot keeps what it has', async () => {
    const fleet = await testFleet();
    const release = await fleet.publisher.publish({ version: '1.0.0' });
    await fleet.publisher.publish({ version: '1.1.0' });
    const duck1 = await fleet.robot('duck-1');
    const good = await deploy(fleet, '1.0.0');
    const ended = { event: 'update-ended', component: duck } as const;
    await duck1.tells({ ...ended, deployment: good.deployment, outcome: 'succeeded', active: running(release) });
    const before = await duck1.ask();
    expect(before.assignment?.components).toMatchObject([{ deployment: good.deployment }]);

    const bad = await deploy(fleet, '1.1.0');
    const offered = await duck1.ask();
    await duck1.tells({ ...ended, deployment: bad.deployment, outcome: 'rejected' });
    const after = await duck1.ask();
    expect(after.assignment?.components).toEqual([]);
    expect(after.assignment?.seq).toBeGreaterThan(offered.assignment?.seq ?? Infinity);
  });

  test.each([
    [
      'pending',
      async (fleet: TestFleet) => {
        const newcomer = testRobot(fleet.controlPlane, 'newcomer');
        await newcomer.enrol();
        return fleetRobot(fleet.controlPlane, fleet.publisher, newcomer);
      },
    ],
    [
      'quarantined',
      async (fleet: TestFleet) => {
        const cloned = await fleet.robot('cloned');
        const record = await fleet.controlPlane.store.robots.find(cloned.name);
        if (!record) throw new Error('it has enrolled');
        const refusal = {
          phase: 'report',
          element: 'x',
          category: 'fork',
          detail: 'x',
          retryable: false,
          hint: 'x',
        } as const;
        await fleet.controlPlane.store.robots.save({ ...record, quarantined: refusal });
        return cloned;
      },
    ],
  ])('of a %s robot brings no assignment', async (_, make) => {
    const robot = await make(await testFleet());
    expect((await robot.ask()).assignment).toBeUndefined();
  });

  test('gives a quarantined robot the reason why it gets no orders, so that people at the robot can see it', async () => {
    const fleet = await testFleet();
    const robot = await fleet.robot('duck-1');
    expect(await robot.checkIn()).not.toHaveProperty('quarantined');
    const record = await fleet.controlPlane.store.robots.find(robot.name);
    if (!record) throw new Error('it has enrolled');
    const quarantined = {
      phase: 'report',
      element: 'duck-1',
      category: 'failed_updates',
      detail: 'Its last 3 updates failed.',
      retryable: false,
      hint: 'Look at the robot, then run fairlead robot readmit duck-1.',
    } as const;
    await fleet.controlPlane.store.robots.save({ ...record, quarantined });
    expect((await robot.checkIn()).quarantined).toEqual(quarantined);
  });

  test('of a robot whose key two machines use is no sign of life of either, and changes no facts', async () => {
    const fleet = await testFleet();
    const release = await fleet.publisher.publish({ version: '1.0.0' });
    const robot = await fleet.robot('duck-1');
    await robot.ask();
    const seen = async () => {
      const { presence, lastSeen, components } = await fleet.operator.showRobot({ params: { robot: robot.name } });
      return { presence, lastSeen, components };
    };
    const before = await seen();
    expect(before.presence).toBe('online');
    const record = await fleet.controlPlane.store.robots.find(robot.name);
    if (!record) throw new Error('it has enrolled');
    const fork = { phase: 'report', element: 'x', category: 'fork', detail: 'x', retryable: false, hint: 'x' } as const;
    await fleet.controlPlane.store.robots.save({ ...record, quarantined: fork });
    fleet.controlPlane.clock.pass(60 * MINUTE);
    await robot.runs(release);
    expect(await seen()).toEqual({ ...before, presence: 'offline' });
  });

  test('before the trust is initialised brings no assignment', async () => {
    const controlPlane = await testControlPlane();
    const { operator } = await controlPlane.as('operator');
    const early = testRobot(controlPlane, 'early');
    await early.enrol();
    await operator.acceptRobot({ params: { robot: early.name }, body: {} });
    expect((await early.checkIn()).assignment).toBeUndefined();
  });

  test('is told the pace of the settings', async () => {
    const fleet = await testFleet();
    const duck1 = await fleet.robot('duck-1');
    const settings = {
      checkInIntervalSec: 7,
      checkInJitterSec: 1,
      longPollSec: 9,
      lateAfterSec: 20,
      offlineAfterSec: 60,
    };
    await fleet.operator.changeSettings({ body: settings });
    expect((await duck1.checkIn()).next).toEqual({ intervalSec: 7, jitterSec: 1, waitSec: 9 });
  });

  test('signs the pace for a robot that asks for it, and for no older agent, which would refuse the whole assignment', async () => {
    const fleet = await testFleet();
    const duck1 = await fleet.robot('duck-1');
    const pace = (await duck1.checkIn()).next;
    expect((await duck1.ask()).assignment).not.toHaveProperty('next');
    expect((await duck1.ask({ understands: ['hold'] })).assignment).not.toHaveProperty('next');
    const signed = await duck1.ask({ understands: ['hold', 'next', 'a-word-of-a-newer-agent'] });
    expect(signed.assignment?.next).toEqual(pace);
    expect((await duck1.checkIn()).understands).toContain('next');
  });

  test('goes on above what a robot has obeyed where this database is older than that', async () => {
    const fleet = await testFleet();
    const duck1 = await fleet.robot('duck-1');
    expect((await duck1.ask({ knownSeq: 41 })).assignment?.seq).toBe(42);
    expect((await duck1.ask({ knownSeq: 42 })).assignment?.seq).toBe(42);
  });

  test('tells the registry what the robot runs and does', async () => {
    const fleet = await testFleet();
    const release = await fleet.publisher.publish({ version: '1.0.0' });
    const duck1 = await fleet.robot('duck-1');
    await duck1.ask({ components: [installed(release)], activity: { state: 'waiting' } });
    const view = await fleet.operator.showRobot({ params: { robot: duck1.name } });
    expect(view).toMatchObject({
      presence: 'online',
      components: [installed(release)],
      activity: { state: 'waiting' },
    });
  });
});

describe('a check-in that may wait', () => {
  test('is answered as soon as something is ordered', async () => {
    const fleet = await testFleet();
    await fleet.publisher.publish({ version: '1.0.0' });
    const duck1 = await fleet.robot('duck-1');
    const settings = await fleet.operator.showSettings();
    // Longer than this test may take: only news can end the wait.
    await fleet.operator.changeSettings({ body: { ...settings, longPollSec: 120, lateAfterSec: 180 } });
    const asked = duck1.ask({ waitSec: 120 });
    // The answer is open: another robot's order does not end it.
    await fleet.robot('duck-2');
    await deploy(fleet, '1.0.0', 'duck-2');
    expect(await Promise.race([asked, new Promise((done) => setTimeout(done, 100, 'still open'))])).toBe('still open');
    const { deployment } = await deploy(fleet, '1.0.0');
    expect((await asked).assignment?.components).toMatchObject([{ deployment }]);
  });

  test('is answered at once where the robot does not know the newest order', async () => {
    const fleet = await testFleet();
    await fleet.publisher.publish({ version: '1.0.0' });
    const duck1 = await fleet.robot('duck-1');
    await deploy(fleet, '1.0.0');
    expect((await duck1.ask({ waitSec: 20, knownSeq: 0 })).assignment?.components).toHaveLength(1);
  });

  test('attack 107: is answered early where its robot asks again and again', async () => {
    const fleet = await testFleet();
    const duck1 = await fleet.robot('duck-1');
    const settings = await fleet.operator.showSettings();
    await fleet.operator.changeSettings({ body: { ...settings, longPollSec: 120, lateAfterSec: 180 } });
    const asked = Array.from({ length: MOST_CALLS + 2 }, () => duck1.checkIn({ waitSec: 120 }));
    const answered: number[] = [];
    asked.forEach((each, at) => void each.then(() => answered.push(at)));
    await expect.poll(() => answered.length).toBe(2);
    await fleet.controlPlane.stop();
    await Promise.all(asked);
  });

  test('is answered with what there is when the robot’s patience ends', async () => {
    const fleet = await testFleet();
    const duck1 = await fleet.robot('duck-1');
    expect((await duck1.ask({ waitSec: 1 })).assignment?.components).toEqual([]);
  });

  test('is answered when the server stops', async () => {
    const fleet = await testFleet();
    await fleet.controlPlane.app.listen({ host: '127.0.0.1', port: 0 });
    const duck1 = await fleet.robot('duck-1');
    const asked = duck1.checkIn({ waitSec: 20 });
    await new Promise((done) => setTimeout(done, 100));
    await fleet.controlPlane.stop();
    expect((await asked).lifecycle).toBe('accepted');
  });
});
