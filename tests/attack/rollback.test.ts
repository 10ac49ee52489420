import { keyIdOf, tufKey } from '@fairlead/shared/trust/verify-ed25519';
import { expect, test } from 'vitest';
import {
  file,
  LATER,
  makeFleetRepository,
  newSigner,
  publishOnline,
  publishTexts,
  putTimestamp,
  RELEASE,
  RELEASE_TEXT,
  replaceRole,
  resign,
} from './support/fleet-repository.ts';
import { makeHappyRobot, refreshCode } from './support/robot.ts';

test('attack 10: an older timestamp and snapshot are refused, also by a robot that restarted', async () => {
  const repository = makeFleetRepository();
  const old = file(repository, 'timestamp.json');
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  repository.files.set('timestamp.json', old);
  expect(await refreshCode(robot, LATER)).toBe('rollback');
  robot.restart();
  expect(await refreshCode(robot, LATER)).toBe('rollback');
  expect(robot.store.versions()).toMatchObject({ timestamp: 2, snapshot: 2, role: 2 });
});

test('attack 11: a stolen timestamp key cannot bring an old snapshot back, and its timestamp is not kept', async () => {
  const repository = makeFleetRepository();
  const old = file(repository, '1.snapshot.json');
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  repository.versions.timestamp = 3;
  putTimestamp(repository, old, 1);
  expect(await refreshCode(robot, LATER)).toBe('rollback');
  expect(robot.store.versions().timestamp).toBe(2);
});

test('attack 12: both online keys together cannot bring an old role back', async () => {
  const repository = makeFleetRepository();
  const old = repository.head.roles.production;
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  replaceRole(repository, 'production', old);
  expect(await refreshCode(robot, LATER)).toBe('rollback');
  expect(robot.store.versions()).toMatchObject({ snapshot: 2, role: 2 });
});

test('attack 13: a role cannot vanish from the snapshot', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  publishOnline(repository);
  const snapshot = resign('snapshot', file(repository, '2.snapshot.json'), [repository.online.snapshot], (signed) => {
    const { 'production.json': _dropped, ...meta } = signed.meta;
    return { ...signed, meta };
  });
  repository.files.set('2.snapshot.json', snapshot);
  putTimestamp(repository, snapshot, 2);
  expect(await refreshCode(robot, LATER)).toBe('rollback');
});

test('attack 14: an old role under its new name does not match the snapshot', async () => {
  const repository = makeFleetRepository();
  const old = repository.head.roles.production;
  const robot = await makeHappyRobot(repository);
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  const fresh = file(repository, '2.production.json');
  repository.files.set('2.production.json', old.padEnd(fresh.length, ' '));
  expect(await refreshCode(robot, LATER)).toBe('hash');
});

test('attack 24: after a fast-forward with stolen online keys, a root with new keys makes refresh work again', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  repository.versions = { snapshot: 2 ** 31, timestamp: 2 ** 31 };
  publishOnline(repository);
  expect(await refreshCode(robot, LATER)).toBe('accepted');

  repository.online.snapshot = newSigner();
  repository.online.timestamp = newSigner();
  const [snapshot, timestamp] = [repository.online.snapshot.publicKey, repository.online.timestamp.publicKey];
  const root = resign('root', repository.head.root, repository.signers.root, (signed) => ({
    ...signed,
    version: 2,
    keys: { ...signed.keys, [keyIdOf(snapshot)]: tufKey(snapshot), [keyIdOf(timestamp)]: tufKey(timestamp) },
    roles: {
      ...signed.roles,
      snapshot: { keyids: [keyIdOf(snapshot)], threshold: 1 },
      timestamp: { keyids: [keyIdOf(timestamp)], threshold: 1 },
    },
  }));
  repository.versions = { snapshot: 1, timestamp: 1 };
  replaceRole(repository, 'root', root);
  expect(await refreshCode(robot, LATER)).toBe('accepted');
  expect(robot.store.versions()).toMatchObject({ root: 2, timestamp: 2, snapshot: 2 });
});
