import type { alertApi } from '@fairlead/shared/api/alert-api';
import { HOUR, MINUTE } from '@fairlead/shared/time';
import type { Static } from 'typebox';
import { expect, test } from 'vitest';
import { ACTIVE_DAMAGED } from '../testing/active-damaged.ts';
import { testFleet } from '../testing/test-fleet.ts';

const { phase: _phase, detail: _detail, retryable: _retryable, hint: _hint, ...identity } = ACTIVE_DAMAGED;
const raised = { event: 'alarm', refusal: ACTIVE_DAMAGED } as const;
const ended = { event: 'alarm-resolved', ...identity } as const;

async function fleetWithAlarm() {
  const fleet = await testFleet();
  const duck = await fleet.robot('duck-1');
  await duck.tells(raised);
  const list = async (query: Static<typeof alertApi.listAlerts.query> = {}) =>
    (await fleet.operator.listAlerts({ query })).items;
  const only = async () => {
    const [alert] = await list();
    if (!alert) throw new Error('no alert');
    return alert;
  };
  return { ...fleet, duck, list, only };
}

test('an alarm of a robot reaches operators in the list, in explain and in the status', async () => {
  const { operator, duck, list } = await fleetWithAlarm();
  const expected = [{ robot: 'duck-1', state: 'open', refusal: ACTIVE_DAMAGED, count: 1 }];
  expect(await list()).toMatchObject(expected);
  expect((await operator.explainRobot({ params: { robot: duck.name } })).alerts).toMatchObject(expected);
  expect((await operator.fleetStatus()).alerts).toEqual({ open: 1, acknowledged: 0 });
});

test('a report that is delivered twice is counted once', async () => {
  const { duck, only } = await fleetWithAlarm();
  const sealed = duck.seal(raised);
  await duck.deliver(sealed);
  await duck.deliver(sealed);
  expect((await only()).count).toBe(2);
});

test('an alarm is acknowledged by an operator with a reason, in the audit log too, and stays until the robot ends it', async () => {
  const { operator, controlPlane, duck, list, only } = await fleetWithAlarm();
  const { id } = await only();
  const viewer = await controlPlane.as('viewer');
  await expect(viewer.operator.acknowledgeAlert({ params: { id }, body: {} })).rejects.toMatchObject({
    problem: { status: 403 },
  });
  const body = { reason: 'the disk is on its way' };
  expect(await operator.acknowledgeAlert({ params: { id }, body })).toMatchObject({ state: 'acknowledged' });
  expect(await list({ state: 'open' })).toEqual([]);
  expect((await operator.fleetStatus()).alerts).toEqual({ open: 0, acknowledged: 1 });
  const { items } = await operator.listAudit({ query: { action: 'alert.acknowledge' } });
  expect(items).toMatchObject([{ element: 'duck-1', by: 'the-admin', reason: 'the disk is on its way' }]);
  controlPlane.clock.pass(MINUTE);
  await duck.tells(ended);
  expect(await list()).toEqual([]);
  expect(await list({ state: 'resolved' })).toMatchObject([
    { id, acknowledged: body, resolved: { by: 'duck-1', how: 'reported' } },
  ]);
});

test('a resolved alarm that comes back is open and unacknowledged', async () => {
  const { operator, duck, only } = await fleetWithAlarm();
  const { id } = await only();
  await operator.acknowledgeAlert({ params: { id }, body: {} });
  await duck.tells(ended, raised);
  const again = await only();
  expect(again).toMatchObject({ state: 'open', count: 1 });
  expect(again.id).not.toBe(id);
});

test('the alarm of an agent that reports no end is resolved by a person, and says so', async () => {
  const { operator, list, only } = await fleetWithAlarm();
  const { id } = await only();
  const body = { reason: 'replaced the disk' };
  expect(await operator.resolveAlert({ params: { id }, body })).toMatchObject({
    state: 'resolved',
    resolved: { by: 'the-admin', how: 'by-hand', reason: 'replaced the disk' },
  });
  await expect(operator.resolveAlert({ params: { id }, body })).rejects.toMatchObject({ problem: { status: 409 } });
  await expect(operator.acknowledgeAlert({ params: { id }, body: {} })).rejects.toMatchObject({
    problem: { status: 409 },
  });
  const unknown = operator.resolveAlert({ params: { id: 'al_0000000000' }, body });
  await expect(unknown).rejects.toMatchObject({ problem: { status: 404 } });
  expect(await list()).toEqual([]);
});

test('a robot that is decommissioned takes its alarms with it', async () => {
  const { operator, duck, list } = await fleetWithAlarm();
  await operator.decommissionRobot({ params: { robot: duck.name } });
  expect(await list()).toEqual([]);
  expect(await list({ state: 'all' })).toMatchObject([{ resolved: { how: 'decommissioned' } }]);
});

test('a robot with many alarms hides no other robot in the list, and the list says how many more it has', async () => {
  const { controlPlane, operator, duck, robot } = await fleetWithAlarm();
  const other = await robot('duck-2');
  await other.tells(raised);
  for (let n = 1; n <= 8; n += 1) {
    controlPlane.clock.pass(MINUTE);
    await duck.tells({ event: 'alarm', refusal: { ...ACTIVE_DAMAGED, element: `file-${n}` } });
  }
  const { items, more } = await operator.listAlerts({ query: { limit: 6 } });
  const [one, two] = [duck.name, other.name];
  expect(items.map((alert) => alert.robot)).toEqual([one, one, one, one, one, two]);
  expect(items[0]?.refusal.element).toBe('file-8');
  expect(more).toEqual([{ robot: one, count: 4 }]);
  const wide = await operator.listAlerts({ query: { perRobot: 500 } });
  expect([wide.items.length, wide.more]).toEqual([10, undefined]);
  const all = await operator.listAlerts({ query: { robot: one } });
  expect([all.items.length, all.more]).toEqual([9, undefined]);
});

test('alerts are listed page by page, and for one robot', async () => {
  const { controlPlane, operator, duck, list, robot } = await fleetWithAlarm();
  const other = await robot('duck-2');
  for (const element of ['a', 'b', 'c']) {
    controlPlane.clock.pass(HOUR);
    await duck.tells({ event: 'alarm', refusal: { ...ACTIVE_DAMAGED, element } });
    await other.tells({ event: 'alarm', refusal: { ...ACTIVE_DAMAGED, element } });
  }
  const first = await operator.listAlerts({ query: { robot: duck.name, limit: 3 } });
  expect(first.items.map(({ refusal }) => refusal.element)).toEqual(['c', 'b', 'a']);
  const rest = await list({ robot: duck.name, limit: 3, ...(first.next !== undefined && { cursor: first.next }) });
  expect(rest.map(({ refusal }) => refusal.element)).toEqual(['policy.onnx']);
});
