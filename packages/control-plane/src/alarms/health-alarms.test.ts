import type { Refusal } from '@fairlead/shared/failure';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { installed, running, testFleet } from '../testing/test-fleet.ts';

const restarts: Refusal = {
  phase: 'monitor',
  component: 'duck-policy',
  element: 'duck-policy.service',
  category: 'service_restarts',
  detail: 'duck-policy.service ended by itself and was restarted more than 1 times within 10 minutes.',
  retryable: true,
  hint: 'Look at the log of duck-policy.service.',
};
const { component, element, category } = restarts;
const IDLE = { activity: { state: 'idle' }, unsentReports: 0 } as const;

/** A robot that runs what it was ordered, and whose release is degraded: reported, and stated by its check-ins. */
async function degradedRobot() {
  const fleet = await testFleet();
  const { operator, controlPlane, publisher } = fleet;
  const release = await publisher.publish({ version: '1.0.0' });
  const duck = await fleet.robot('duck-1');
  const body = {
    target: { robot: duck.name },
    component: release.manifest.component,
    version: release.manifest.version,
  };
  const [order] = (await operator.deploy({ body })).deployments;
  if (!order) throw new Error('nothing was deployed');
  const about = { deployment: order.deployment, component: order.component, active: running(release) };
  await duck.tells({ event: 'update-ended', outcome: 'succeeded', ...about });
  const health = (state: 'degraded' | 'healthy' | 'unknown') => {
    const since = toTimestamp(controlPlane.clock.now());
    return duck.ask({
      ...IDLE,
      components: [
        { ...installed(release), health: { state, since, ...(state === 'degraded' && { refusal: restarts }) } },
      ],
    });
  };
  await duck.tells({ event: 'alarm', refusal: restarts });
  await duck.tells({ event: 'health-changed', state: 'degraded', refusal: restarts, ...about });
  await health('degraded');
  const alerts = async () => (await operator.listAlerts({ query: {} })).items;
  const deployment = async () =>
    (await operator.showDeployment({ params: { deployment: order.deployment } })).deployment.state;
  const resolve = async () => {
    const [alert] = await alerts();
    if (!alert) throw new Error('no alert');
    return operator.resolveAlert({ params: { id: alert.id }, body: { reason: 'restarted it' } });
  };
  const explained = async () => (await operator.explainRobot({ params: { robot: duck.name } })).sentence;
  expect([(await alerts()).length, await deployment()]).toEqual([1, 'degraded']);
  return { ...fleet, clock: controlPlane.clock, duck, release, about, health, alerts, deployment, resolve, explained };
}

describe('the alarm of a degraded component', () => {
  test('is not resolved by hand while its robot measures it, and the refusal says what to do', async () => {
    const { resolve, alerts, deployment } = await degradedRobot();
    await expect(resolve()).rejects.toMatchObject({
      problem: {
        status: 409,
        detail: expect.stringContaining('duck-1 still measures it'),
        hint: expect.stringContaining('alert ack'),
      },
    });
    expect([(await alerts()).length, await deployment()]).toEqual([1, 'degraded']);
  });

  test('ends with a healthy check-in also where it is of a time that the clock has not reached again', async () => {
    const { health, alerts, clock } = await degradedRobot();
    clock.pass(-10 * MINUTE);
    await health('healthy');
    expect(await alerts()).toEqual([]);
  });

  test('is resolved by hand together with its deployment where the robot does not measure it any more', async () => {
    const { resolve, alerts, deployment, explained, health, operator } = await degradedRobot();
    await health('unknown');
    expect(await explained()).toContain('is degraded');
    await resolve();
    expect([await alerts(), await deployment()]).toEqual([[], 'succeeded']);
    expect(await explained()).not.toContain('degraded');
    expect((await operator.fleetStatus()).attention).toEqual([]);
  });

  test('is open again after it was resolved by hand, when its robot measures it again', async () => {
    const { resolve, alerts, deployment, health } = await degradedRobot();
    await health('unknown');
    await resolve();
    await health('degraded');
    expect(await alerts()).toMatchObject([{ state: 'open', count: 1, refusal: { category, element, component } }]);
    expect(await deployment()).toBe('degraded');
  });
});

describe('a robot whose reports were lost', () => {
  test('ends its health alarm by a check-in that shows it healthy', async () => {
    const { alerts, deployment, health, clock, operator } = await degradedRobot();
    clock.pass(3 * MINUTE);
    await health('healthy');
    expect([await alerts(), await deployment()]).toEqual([[], 'succeeded']);
    expect((await operator.listAlerts({ query: { state: 'all' } })).items).toMatchObject([
      { resolved: { by: 'duck-1', how: 'check-in' } },
    ]);
  });

  test('ends the health alarm of a component that was removed from it', async () => {
    const { alerts, duck, clock } = await degradedRobot();
    clock.pass(3 * MINUTE);
    await duck.ask({ ...IDLE, components: [] });
    expect(await alerts()).toEqual([]);
  });

  test('ends the health alarm of a component whose release is not monitored', async () => {
    const { alerts, deployment, duck, clock, release } = await degradedRobot();
    clock.pass(3 * MINUTE);
    await duck.ask({ ...IDLE, activity: { state: 'probation' }, components: [installed(release)] });
    expect(await alerts()).toHaveLength(1);
    clock.pass(3 * MINUTE);
    await duck.ask({ ...IDLE, components: [installed(release)] });
    expect([await alerts(), await deployment()]).toEqual([[], 'succeeded']);
  });

  test('raises the health alarm that the control plane does not have', async () => {
    const { alerts, controlPlane, health, clock } = await degradedRobot();
    const [lost] = await alerts();
    if (!lost) throw new Error('no alert');
    const at = clock.now();
    await controlPlane.store.alarms.resolve(lost.id, { at, by: 'a restored backup', how: 'reported' });
    clock.pass(3 * MINUTE);
    await health('degraded');
    expect(await alerts()).toMatchObject([{ state: 'open', count: 1, refusal: restarts }]);
    clock.pass(3 * MINUTE);
    await health('degraded');
    expect(await alerts()).toMatchObject([{ count: 1 }]);
  });
});

describe('a check-in changes no alarm', () => {
  test('while reports of the robot are on their way: they state it more exactly', async () => {
    const { alerts, duck, clock, release } = await degradedRobot();
    clock.pass(3 * MINUTE);
    const health = { state: 'healthy', since: toTimestamp(clock.now()) } as const;
    await duck.ask({ ...IDLE, unsentReports: 1, components: [{ ...installed(release), health }] });
    expect(await alerts()).toHaveLength(1);
  });

  test('where the health is unknown, and not of an alarm that is no health check', async () => {
    const { alerts, health, clock, duck } = await degradedRobot();
    const damaged = { ...restarts, phase: 'verify', category: 'active_damaged' } as const;
    await duck.tells({ event: 'alarm', refusal: damaged });
    clock.pass(3 * MINUTE);
    await health('unknown');
    expect(await alerts()).toHaveLength(2);
    clock.pass(3 * MINUTE);
    await health('healthy');
    expect(await alerts()).toMatchObject([{ refusal: { category: 'active_damaged' } }]);
  });

  test('where two machines use the key of the robot', async () => {
    const { alerts, health, clock, controlPlane, duck } = await degradedRobot();
    const record = await controlPlane.store.robots.find(duck.name);
    if (!record) throw new Error('it has enrolled');
    await controlPlane.store.robots.save({ ...record, quarantined: { ...restarts, category: 'fork' } });
    clock.pass(3 * MINUTE);
    await health('healthy');
    expect(await alerts()).toHaveLength(1);
  });
});
