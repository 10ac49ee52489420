import { tufKey } from '@fairlead/shared/trust/verify-ed25519';
import { describe, expect, test } from 'vitest';
import {
  type FleetRepository,
  file,
  LATER,
  makeFleetRepository,
  newSigner,
  resign,
} from './support/fleet-repository.ts';
import { makeHappyRobot, refreshCode } from './support/robot.ts';

/** Offers a next root, rightly signed by the old keys, with something wrong about its keys. */
async function afterRootWith(
  change: (keys: Record<string, unknown>, repository: FleetRepository) => Record<string, unknown>,
) {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const root = resign('root', repository.head.root, repository.signers.root, (signed) => ({
    ...signed,
    version: 2,
    keys: change({ ...signed.keys }, repository),
  }));
  repository.files.set('2.root.json', root);
  const code = await refreshCode(robot, LATER);
  expect(robot.store.versions().root).toBe(1);
  return code;
}

test('attack 18: one public key under two key ids is refused, so that it cannot meet a threshold of two', async () => {
  const { publicKey } = newSigner();
  const code = await afterRootWith((keys, { signers }) => ({
    ...keys,
    ['a'.repeat(64)]: tufKey(signers.root[0]?.publicKey ?? publicKey),
  }));
  expect(code).toBe('key_alias');
});

test('attack 18: a key id that is not the digest of its key is refused', async () => {
  expect(await afterRootWith((keys) => ({ ...keys, ['a'.repeat(64)]: tufKey(newSigner().publicKey) }))).toBe('keyid');
});

test.each(['rsa', 'ecdsa', 'quantum'])('attack 25: a key of type %s is refused', async (keytype) => {
  const { keyid, publicKey } = newSigner();
  expect(await afterRootWith((keys) => ({ ...keys, [keyid]: { ...tufKey(publicKey), keytype } }))).toBe('key_type');
});

describe('attack 26: a public key of small order', () => {
  test.each([
    ['the identity', `01${'00'.repeat(31)}`],
    ['the identity with its sign bit set', `01${'00'.repeat(30)}80`],
    ['order 4', '00'.repeat(32)],
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['the identity, not canonically encoded', `ee${'ff'.repeat(30)}7f`],
  ])('%s is refused', async (_name, hex) => {
    expect(await afterRootWith((keys) => ({ ...keys, ['b'.repeat(64)]: tufKey(hex) }))).toBe('bad_key');
  });
});

test('attack 19: one signature listed twice is refused', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const text = file(repository, 'timestamp.json');
  repository.files.set('timestamp.json', text.replace(/"signatures":\[(\{.*?\})\]/, '"signatures":[$1,$1]'));
  expect(await refreshCode(robot, LATER)).toBe('dup_sig');
});

test('attack 27: a signature whose S was raised by the group order is refused', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const text = file(repository, 'timestamp.json').replace(/"sig":"([0-9a-f]{64})([0-9a-f]{64})"/, (_all, r, s) => {
    const raised = BigInt(`0x${Buffer.from(s, 'hex').reverse().toString('hex')}`) + L;
    const bytes = Buffer.from(raised.toString(16).padStart(64, '0'), 'hex').reverse();
    return `"sig":"${r}${bytes.toString('hex')}"`;
  });
  repository.files.set('timestamp.json', text);
  expect(await refreshCode(robot, LATER)).toBe('bad_signature');
});
