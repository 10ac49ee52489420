import { keyIdOf, tufKey } from '@fairlead/shared/trust/verify-ed25519';
import { expect, test } from 'vitest';
import { LATER, makeFleetRepository, newSigner, resign } from './support/fleet-repository.ts';
import { makeHappyRobot, makeRobot, refreshCode } from './support/robot.ts';

const twoOfThree = () => {
  const repository = makeFleetRepository({ root: 2 });
  repository.signers.root.push(newSigner());
  return repository;
};

test('attack 15: one of two needed root keys makes no new root, and the old one stays', async () => {
  const repository = twoOfThree();
  const robot = await makeHappyRobot(repository);
  const thief = repository.signers.root.slice(0, 1);
  repository.files.set(
    '2.root.json',
    resign('root', repository.head.root, thief, (signed) => ({ ...signed, version: 2 })),
  );
  expect(await refreshCode(robot, LATER)).toBe('threshold');
  expect(robot.store.versions().root).toBe(1);
});

test('attack 16: a root that an attacker signs for himself is refused', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const thief = newSigner();
  const root = resign('root', repository.head.root, [thief], (signed) => ({
    ...signed,
    version: 2,
    keys: { ...signed.keys, [thief.keyid]: tufKey(thief.publicKey) },
    roles: { ...signed.roles, root: { keyids: [keyIdOf(thief.publicKey)], threshold: 1 } },
  }));
  repository.files.set('2.root.json', root);
  expect(await refreshCode(robot, LATER)).toBe('threshold');
});

test('attack 17: a later root under an earlier number is refused', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const third = resign('root', repository.head.root, repository.signers.root, (signed) => ({ ...signed, version: 3 }));
  repository.files.set('2.root.json', third);
  expect(await refreshCode(robot, LATER)).toBe('version');
});

test('a small team may later raise its root to 2 of 3 without touching a robot', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const [old, second, third] = [...repository.signers.root, newSigner(), newSigner()];
  if (!old || !second || !third) throw new TypeError('three keys were meant');
  const root = resign('root', repository.head.root, [old, second], (signed) => ({
    ...signed,
    version: 2,
    keys: Object.fromEntries([
      ...Object.entries(signed.keys),
      ...[second, third].map((signer) => [signer.keyid, tufKey(signer.publicKey)]),
    ]),
    roles: { ...signed.roles, root: { keyids: [old.keyid, second.keyid, third.keyid], threshold: 2 } },
  }));
  repository.files.set('2.root.json', root);
  expect(await refreshCode(robot, LATER)).toBe('accepted');
  expect(robot.store.versions().root).toBe(2);
});

test('a robot that slept through forty root rotations walks them all', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  for (let version = 2; version <= 41; version += 1) {
    const next = resign('root', repository.head.root, repository.signers.root, (signed) => ({ ...signed, version }));
    repository.files.set(`${version}.root.json`, next);
  }
  expect(await refreshCode(robot, LATER)).toBe('accepted');
  expect(robot.store.versions().root).toBe(41);
});

test('a different root cannot be pinned over the first one', async () => {
  const robot = await makeRobot(makeFleetRepository());
  const pinned = await robot.store.pinRoot(Buffer.from(makeFleetRepository().head.root));
  expect(pinned).toMatchObject({ ok: false, refused: { code: 'version' } });
});
