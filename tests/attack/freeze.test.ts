import { DAY, HOUR } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import {
  file,
  inDays,
  makeFleetRepository,
  NOW,
  publishOnline,
  replaceRole,
  resign,
} from './support/fleet-repository.ts';
import { makeHappyRobot, makeRobot, refreshCode } from './support/robot.ts';

test("attack 7: yesterday's timestamp, served for ever, expires", async () => {
  const robot = await makeHappyRobot(makeFleetRepository());
  expect(await refreshCode(robot, NOW + 23 * HOUR)).toBe('accepted');
  expect(await refreshCode(robot, NOW + 24 * HOUR)).toBe('expired');
});

test('attack 8: an expired snapshot does not become fresh by a fresh timestamp', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  repository.files.set(
    'timestamp.json',
    resign('timestamp', file(repository, 'timestamp.json'), [repository.online.timestamp], (signed) => ({
      ...signed,
      version: 2,
      expires: '2026-12-21T09:00:00Z',
    })),
  );
  expect(await refreshCode(robot, inDays(8))).toBe('expired');
});

test('attack 9: an expired root blocks the refresh, but not the next root', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  publishOnline(repository, inDays(366));
  expect(await refreshCode(robot, inDays(366))).toBe('expired');

  const { root } = repository.head;
  const next = resign('root', root, repository.signers.root, (signed) => ({
    ...signed,
    version: 2,
    expires: '2029-01-01T00:00:00Z',
  }));
  const targets = resign('targets', repository.head.targets, repository.signers.targets, (signed) => ({
    ...signed,
    version: 2,
    expires: '2029-01-01T00:00:00Z',
  }));
  const production = resign('targets', repository.head.roles.production, repository.signers.production, (signed) => ({
    ...signed,
    version: 2,
    expires: '2029-01-01T00:00:00Z',
  }));
  replaceRole(repository, 'root', next);
  replaceRole(repository, 'targets', targets);
  replaceRole(repository, 'production', production);
  publishOnline(repository, inDays(366));
  expect(await refreshCode(robot, inDays(366))).toBe('accepted');
});

describe('an expired role of the environment', () => {
  test("blocks this environment's robots", async () => {
    const repository = makeFleetRepository();
    const robot = await makeHappyRobot(repository);
    publishOnline(repository, inDays(60));
    expect(await refreshCode(robot, inDays(60))).toBe('expired');
  });

  test('leaves robots of other environments alone', async () => {
    const repository = makeFleetRepository();
    const robot = await makeHappyRobot(repository);
    // development lives 30 days, production 60.
    publishOnline(repository, inDays(31));
    expect(await refreshCode(robot, inDays(31))).toBe('accepted');
  });
});

describe('attack 37: a robot that boots in 1970', () => {
  test('still sees that metadata has expired, because its build is younger', async () => {
    const repository = makeFleetRepository();
    const robot = await makeRobot(repository, { builtAt: NOW + 2 * DAY });
    expect(await refreshCode(robot, 0)).toBe('expired');
  });

  test('still sees it from what was signed last, also after a restart', async () => {
    const repository = makeFleetRepository();
    const robot = await makeHappyRobot(repository);
    const old = file(repository, 'timestamp.json');
    publishOnline(repository, NOW + 5 * DAY);
    expect(await refreshCode(robot, NOW + 5 * DAY)).toBe('accepted');
    expect(robot.restart().timeFloor()).toBe(NOW + 5 * DAY);
    repository.files.set('timestamp.json', old);
    expect(await refreshCode(robot, 0)).toBe('rollback');
    publishOnline(repository, NOW);
    expect(await refreshCode(robot, 0)).toBe('expired');
  });
});

test('a stolen timestamp key cannot push the floor past what offline keys signed', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  repository.files.set(
    'timestamp.json',
    resign('timestamp', file(repository, 'timestamp.json'), [repository.online.timestamp], (signed) => ({
      ...signed,
      x_issued: '2100-01-01T00:00:00.000Z',
    })),
  );
  expect(await refreshCode(robot)).toBe('accepted');
  expect(robot.store.timeFloor()).toBeLessThanOrEqual(NOW);
});
