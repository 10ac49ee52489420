import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { SECOND } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testRobot } from '../testing/test-robot.ts';

async function fleetOf(...names: string[]) {
  const controlPlane = await testControlPlane();
  const { operator } = await controlPlane.as('operator');
  const robots = names.map((name) => testRobot(controlPlane, name));
  for (const robot of robots) await robot.enrol();
  return { controlPlane, operator, robots };
}
const named = (name: string) => ({ params: { robot: name as RobotId } });

test('robots are listed by name, a page at a time, and the pages fit together', async () => {
  const { operator, controlPlane } = await fleetOf('c', 'a', 'e', 'b', 'd');
  const first = await operator.listRobots({ query: { limit: 2 } });
  // A robot that joins meanwhile on a page already read shifts nothing.
  await testRobot(controlPlane, 'aa').enrol();
  const second = await operator.listRobots({ query: { limit: 2, ...(first.next && { cursor: first.next }) } });
  const third = await operator.listRobots({ query: { limit: 2, ...(second.next && { cursor: second.next }) } });
  const names = [first, second, third].map(({ items }) => items.map(({ robot }) => robot));
  expect(names).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(third.next).toBeUndefined();
});

test('a selector chooses by labels, group and environment', async () => {
  const { operator } = await fleetOf('duck-1', 'duck-2', 'goose-1');
  await operator.changeRobot({ ...named('duck-1'), body: { group: 'ducks', labels: { line: '3' } } });
  await operator.changeRobot({ ...named('duck-2'), body: { group: 'ducks' } });
  const chosen = async (selector: string) =>
    (await operator.listRobots({ query: { selector } })).items.map(({ robot }) => robot);
  expect(await chosen('group=ducks')).toEqual(['duck-1', 'duck-2']);
  expect(await chosen('group=ducks,!line')).toEqual(['duck-2']);
  expect(await chosen('env in (development),group notin (ducks)')).toEqual(['goose-1']);
  expect(await refusal(chosen("group=ducks' or 1=1"))).toBe('bad_request');
});

test('a group is left by naming the empty one; labels are replaced whole', async () => {
  const { operator } = await fleetOf('duck-1');
  await operator.changeRobot({ ...named('duck-1'), body: { group: 'ducks', labels: { a: '1', b: '2' } } });
  const changed = await operator.changeRobot({ ...named('duck-1'), body: { group: '', labels: { b: '3' } } });
  expect(changed.group).toBeUndefined();
  expect(changed.labels).toEqual({ b: '3' });
});

test('presence follows the check-ins, and the thresholds are settings', async () => {
  const { controlPlane, operator, robots } = await fleetOf('duck-1');
  const presence = async () => (await operator.showRobot(named('duck-1'))).presence;
  expect(await presence()).toBe('never-seen');
  await robots[0]?.checkIn();
  expect(await presence()).toBe('online');
  controlPlane.clock.pass(100 * SECOND);
  expect(await presence()).toBe('late');
  controlPlane.clock.pass(200 * SECOND);
  expect(await presence()).toBe('offline');
  const admin = (await controlPlane.as('admin')).operator;
  const settings = await admin.showSettings();
  await admin.changeSettings({ body: { ...settings, lateAfterSec: 1000, offlineAfterSec: 2000 } });
  expect(await presence()).toBe('online');
  const confused = { ...settings, lateAfterSec: 300, offlineAfterSec: 90 };
  expect(await refusal(admin.changeSettings({ body: confused }))).toBe('bad_request');
});

test('a long-poll that is as long as the silence of a late robot is refused, together with every other mistake', async () => {
  const controlPlane = await testControlPlane();
  const admin = (await controlPlane.as('admin')).operator;
  const settings = await admin.showSettings();
  const change = (more: object) => admin.changeSettings({ body: { ...settings, ...more } });
  await expect(change({ longPollSec: 90, offlineAfterSec: 60 })).rejects.toMatchObject({
    problem: {
      code: 'bad_request',
      mistakes: [
        { at: '/longPollSec', message: expect.stringContaining('less than lateAfterSec (90)') },
        { at: '/offlineAfterSec', message: expect.stringContaining('not be less than lateAfterSec (90)') },
      ],
    },
  });
  await change({ longPollSec: 89 });
  await expect(change({ longPollSec: 10, lateAfterSec: 10 })).rejects.toMatchObject({
    problem: { code: 'bad_request' },
  });
});

test('without long-poll, pauses between check-ins that are as long as the silence of a late robot are refused', async () => {
  const controlPlane = await testControlPlane();
  const admin = (await controlPlane.as('admin')).operator;
  const settings = await admin.showSettings();
  const pace = { ...settings, checkInIntervalSec: 85, checkInJitterSec: 5 };
  await expect(admin.changeSettings({ body: { ...pace, longPollSec: 0 } })).rejects.toMatchObject({
    problem: { code: 'bad_request', mistakes: [{ at: '/checkInIntervalSec' }] },
  });
  await admin.changeSettings({ body: pace });
  await admin.changeSettings({ body: { ...pace, longPollSec: 0, checkInJitterSec: 4 } });
});

test('a control plane that starts on a store with too long a long-poll shortens it and says so in the audit log', async () => {
  const databaseFile = join(await mkdtemp(join(tmpdir(), 'fairlead-long-poll-')), 'fairlead.db');
  const clock = testClock();
  const before = await testControlPlane({ clock, databaseFile });
  const settings = await (await before.as('admin')).operator.showSettings();
  await before.store.settings.save('fleet', { ...settings, longPollSec: 120 });
  await before.stop();
  const after = await testControlPlane({ clock, databaseFile });
  const admin = (await after.as('admin')).operator;
  expect((await admin.showSettings()).longPollSec).toBe(89);
  const { items } = await admin.listAudit({ query: { action: 'settings.change' } });
  expect(items).toMatchObject([{ by: 'control-plane', detail: 'longPollSec is 89.' }]);
});

test('a new pace reaches a robot with its next answer', async () => {
  const { controlPlane, robots } = await fleetOf('duck-1');
  const admin = (await controlPlane.as('admin')).operator;
  await admin.changeSettings({ body: { ...(await admin.showSettings()), checkInIntervalSec: 7, checkInJitterSec: 2 } });
  expect(await robots[0]?.checkIn()).toMatchObject({ next: { intervalSec: 7, jitterSec: 2 } });
});

test('what robots said and what operators set survives a restart', async () => {
  const databaseFile = join(await mkdtemp(join(tmpdir(), 'fairlead-restart-')), 'fairlead.db');
  const clock = testClock();
  const before = await testControlPlane({ clock, databaseFile });
  const robot = testRobot(before, 'duck-1');
  await robot.enrol();
  const admin = (await before.as('admin')).operator;
  await admin.acceptRobot({ ...named('duck-1'), body: {} });
  await robot.checkIn({ activity: { state: 'downloading', progress: 0.5 } });
  await admin.changeSettings({ body: { ...(await admin.showSettings()), checkInIntervalSec: 7 } });
  const lastSeen = (await admin.showRobot(named('duck-1'))).lastSeen;
  await before.stop();

  clock.pass(60 * SECOND);
  const after = await testControlPlane({ clock, databaseFile });
  const { operator } = await after.as('viewer');
  expect(await operator.showRobot(named('duck-1'))).toMatchObject({
    lastSeen,
    presence: 'online',
    inventory: { arch: 'arm64' },
    activity: { state: 'downloading', progress: 0.5 },
  });
  expect(await operator.showSettings()).toMatchObject({ checkInIntervalSec: 7 });
});

test('a robot that never was is not_found', async () => {
  const { operator } = await fleetOf();
  expect(await refusal(operator.showRobot(named('nobody')))).toBe('not_found');
  expect(await refusal(operator.acceptRobot({ ...named('nobody'), body: {} }))).toBe('not_found');
});
