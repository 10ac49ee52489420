import type { ComponentName, DeploymentId, RobotId, Version } from '@fairlead/shared/ids';
import { MINUTE } from '@fairlead/shared/time';
import type { ReportEvent } from '@fairlead/shared/trust/report';
import { describe, expect, test } from 'vitest';
import { type FleetRobot, fleetRobot, running, testFleet } from '../testing/test-fleet.ts';

const duck = 'duck-policy' as ComponentName;

async function updating() {
  const fleet = await testFleet();
  const release = await fleet.publisher.publish({ version: '1.0.0' });
  const robot = await fleet.robot('duck-1');
  const body = { target: { robot: 'duck-1' as RobotId }, component: duck, version: '1.0.0' as Version };
  const [made] = (await fleet.operator.deploy({ body })).deployments;
  if (!made) throw new Error('nothing was deployed');
  const { deployment } = made;
  await robot.ask();
  const show = () => fleet.operator.showDeployment({ params: { deployment } });
  return { ...fleet, join: fleet.robot, robot, release, deployment, show };
}
const doing = (deployment: DeploymentId, state: 'downloading' | 'testing' | 'waiting' | 'switching' | 'probation') =>
  ({ event: 'update-state', deployment, component: duck, state }) as const satisfies ReportEvent;
const ended = (deployment: DeploymentId, outcome: 'succeeded' | 'rejected' | 'failed' | 'cancelled') =>
  ({ event: 'update-ended', deployment, component: duck, outcome }) as const satisfies ReportEvent;
const refusal = {
  phase: 'smoke-test',
  component: 'duck-policy',
  element: 'policy.onnx',
  category: 'not_finite',
  detail: 'Output action holds NaN.',
  retryable: false,
  hint: 'Train it again.',
} as const;

/** A second machine with the same key and, so far, the same past. */
const cloneOf = (world: Awaited<ReturnType<typeof updating>>, robot: FleetRobot) =>
  fleetRobot(world.controlPlane, world.publisher, robot);

describe('reports', () => {
  test('tell the story of an update, in order and with their times', async () => {
    const { robot, deployment, show, controlPlane, release } = await updating();
    for (const event of [
      doing(deployment, 'downloading'),
      doing(deployment, 'testing'),
      doing(deployment, 'switching'),
    ]) {
      controlPlane.clock.pass(MINUTE);
      await robot.tells(event);
    }
    expect(await robot.tells({ ...ended(deployment, 'succeeded'), active: running(release) })).toBe(4);
    const told = await show();
    expect(told.deployment).toMatchObject({ state: 'succeeded', endedAt: '2026-11-21T09:03:00.000Z' });
    expect(told.events.map(({ at, state, by }) => `${at.slice(11, 16)} ${state} ${by}`)).toEqual([
      '09:00 pending the-admin',
      '09:00 offered control-plane',
      '09:01 downloading duck-1',
      '09:02 staged duck-1',
      '09:03 switching duck-1',
      '09:03 succeeded duck-1',
    ]);
  });

  test('of a robot that was offline carry the times at which things happened', async () => {
    const { robot, deployment, show, controlPlane } = await updating();
    const sealed = robot.seal(doing(deployment, 'downloading'), { ...ended(deployment, 'rejected'), refusal });
    controlPlane.clock.pass(5 * 60 * MINUTE);
    await robot.deliver(sealed);
    const { deployment: view, events } = await show();
    expect(view).toMatchObject({ state: 'rejected', refusal, endedAt: '2026-11-21T09:00:00.000Z' });
    expect(events.at(-1)).toMatchObject({ state: 'rejected', refusal, at: '2026-11-21T09:00:00.000Z' });
  });

  test('arrive exactly once, however often they are sent', async () => {
    const { robot, deployment, show } = await updating();
    const sealed = robot.seal(
      doing(deployment, 'downloading'),
      doing(deployment, 'testing'),
      ended(deployment, 'failed'),
    );
    expect(await robot.deliver(sealed.slice(0, 2))).toBe(2);
    expect(await robot.deliver(sealed)).toBe(3);
    expect(await robot.deliver(sealed.slice(0, 1))).toBe(3);
    expect((await show()).events).toHaveLength(5);
  });

  test('of an update that was cancelled too late show what the robot did, and it is told of it again', async () => {
    const { robot, deployment, show, operator, release } = await updating();
    await operator.cancelDeployment({ params: { deployment } });
    const withdrawn = await robot.ask();
    await robot.tells({ ...ended(deployment, 'succeeded'), active: running(release) });
    expect((await show()).deployment.state).toBe('succeeded');
    const { assignment } = await robot.ask();
    expect(assignment?.components).toMatchObject([{ deployment }]);
    expect(assignment?.seq).toBeGreaterThan(withdrawn.assignment?.seq ?? Infinity);
  });

  test('of a rollback by hand take the order back, so that the robot is not told to undo it', async () => {
    const { robot, deployment, show, release } = await updating();
    await robot.tells({ ...ended(deployment, 'succeeded'), active: running(release) });
    await robot.tells({ event: 'local-rollback', component: duck, by: 'maintenance' });
    expect((await robot.ask()).assignment?.components).toEqual([]);
    const shown = await show();
    expect(shown.events.at(-1)).toMatchObject({ by: 'duck-1', refusal: { category: 'rolled_back_locally' } });
    expect(shown.deployment).toMatchObject({ state: 'degraded', refusal: { category: 'rolled_back_locally' } });
  });

  test('of a rollback by hand do not take back a newer order, given while the robot was offline', async () => {
    const { robot, deployment, operator, publisher, release } = await updating();
    await robot.tells({ ...ended(deployment, 'succeeded'), active: running(release) });
    await publisher.publish({ version: '2.0.0' });
    const body = { target: { robot: 'duck-1' as RobotId }, component: duck, version: '2.0.0' as Version };
    const [newer] = (await operator.deploy({ body })).deployments;
    await robot.tells({ event: 'local-rollback', component: duck, by: 'maintenance', previous: running(release) });
    expect((await robot.ask()).assignment?.components).toMatchObject([{ deployment: newer?.deployment }]);
  });

  test('are known to the fleet’s pages at once', async () => {
    const { robot, deployment, operator, release } = await updating();
    await robot.tells({ ...ended(deployment, 'succeeded'), active: running(release) });
    expect((await operator.showRobot({ params: { robot: robot.name } })).components).toMatchObject([
      { active: { version: '1.0.0' } },
    ]);
    expect((await operator.fleetStatus()).running).toEqual([{ component: duck, version: '1.0.0', robots: 1 }]);
  });
});

describe('a report of an order that was never given', () => {
  test('is refused once, and does not stand in the way of what comes after it', async () => {
    const { robot, deployment, show } = await updating();
    const forged = 'dep_00000000000000' as DeploymentId;
    const sealed = robot.seal(ended(forged, 'succeeded'), ended(deployment, 'failed'));
    await expect(robot.deliver(sealed)).rejects.toMatchObject({
      problem: { status: 422, refusal: { category: 'unknown_deployment' } },
    });
    expect(await robot.deliver(sealed)).toBe(2);
    expect((await show()).deployment.state).toBe('failed');
  });

  test('is as unknown where the order was given to another robot', async () => {
    const { join, deployment, show } = await updating();
    const other = await join('duck-2');
    await expect(other.tells(ended(deployment, 'succeeded'))).rejects.toMatchObject({
      problem: { refusal: { category: 'unknown_deployment' } },
    });
    expect((await show()).deployment.state).toBe('offered');
  });
});

describe('two machines with one key', () => {
  test('are both quarantined: the fork is refused, nothing is ordered, and an operator is told', async () => {
    const world = await updating();
    const { robot, deployment, show, operator, controlPlane } = world;
    const clone = cloneOf(world, robot);
    await robot.tells(doing(deployment, 'downloading'));
    controlPlane.clock.pass(1000);
    const fork = { problem: { status: 409, code: 'fork' } };
    await expect(clone.tells(doing(deployment, 'downloading'))).rejects.toMatchObject(fork);
    await expect(robot.tells(ended(deployment, 'failed'))).rejects.toMatchObject(fork);
    expect((await robot.ask()).assignment).toBeUndefined();
    expect((await show()).deployment.state).toBe('quarantined');
    expect(await operator.explainRobot({ params: { robot: robot.name } })).toMatchObject({
      blocked: true,
      refusal: { category: 'fork' },
    });
    expect((await operator.fleetStatus()).attention).toMatchObject([{ robot: 'duck-1' }]);
  });

  test('lose nothing that was told before they parted, also in the same batch', async () => {
    const world = await updating();
    const { robot, deployment, show, controlPlane } = world;
    const clone = cloneOf(world, robot);
    const good = robot.seal(doing(deployment, 'downloading'), doing(deployment, 'testing'));
    controlPlane.clock.pass(1000);
    const [, , forked] = clone.seal(...Array.from({ length: 3 }, () => doing(deployment, 'switching')));
    if (!forked) throw new Error('three were sealed');
    await expect(robot.deliver([...good, forked])).rejects.toMatchObject({ problem: { code: 'fork' } });
    const told = (await show()).events.map(({ state }) => state);
    expect(told).toEqual(['pending', 'offered', 'downloading', 'staged', 'quarantined']);
  });
});

describe('reports are refused where', () => {
  test('another robot signed them', async () => {
    const { robot, join, deployment } = await updating();
    const sealed = (await join('duck-2')).seal(ended(deployment, 'succeeded'));
    await expect(robot.deliver(sealed)).rejects.toMatchObject({ problem: { refusal: { category: 'bad_signature' } } });
  });

  test('one robot hands in more than it may, and others are not held up', async () => {
    const { robot, deployment, controlPlane } = await updating();
    const [one] = robot.seal(doing(deployment, 'downloading'));
    if (!one) throw new Error('one was sealed');
    const flood = Array.from({ length: 100 }, () => one);
    const limited = { problem: { code: 'rate_limited' }, retryAfterSec: 20 };
    for (let sent = 0; sent < 20; sent += 1) await robot.deliver(flood);
    await expect(robot.deliver(flood)).rejects.toMatchObject(limited);
    controlPlane.clock.pass(20_000);
    expect(await robot.deliver(flood)).toBe(1);
  });

  test('attack 106: its long reports count as several', async () => {
    const { robot, deployment } = await updating();
    const detail = 'x'.repeat(2000);
    const refusal = { phase: 'verify', element: 'x', category: 'hash', detail, retryable: true, hint: 'h' } as const;
    const skipped = Array.from({ length: 20 }, () => refusal);
    const override = { event: 'override', deployment, component: duck, by: 'root', reason: 'r', skipped } as const;
    const [long] = robot.seal({ ...override, skipped });
    if (!long) throw new Error('one was sealed');
    const flood = Array.from({ length: 10 }, () => long);
    let sent = 0;
    while ((await robot.deliver(flood).catch(({ problem }) => problem.code)) !== 'rate_limited') sent += 10;
    expect(sent).toBeLessThan(300);
  });
});
