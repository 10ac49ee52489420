/** After test_keys.py and test_updater_key_rotations.py of the public conformance suite. */
import { describe, expect, test } from 'vitest';
import { begin, clientOf } from './client-under-test.ts';
import { Simulator, simSigner, type TopRole } from './simulator.ts';

interface Rotation {
  readonly keys: readonly number[];
  readonly threshold: number;
  readonly sigs: readonly number[];
}
const SIGNERS = Array.from({ length: 10 }, () => simSigner('ed25519'));
const signer = (at: number) => {
  const found = SIGNERS[at];
  if (!found) throw new TypeError(`there is no signer ${at}`);
  return found;
};
const step = (keys: readonly number[], threshold: number, sigs: readonly number[]): Rotation => ({
  keys,
  threshold,
  sigs,
});

function setKeys(simulator: Simulator, role: TopRole, { keys, threshold, sigs }: Rotation): void {
  simulator.dropKeys(role);
  simulator.root.roles[role].threshold = threshold;
  for (const at of keys) simulator.nameKey(role, signer(at));
  for (const at of sigs) simulator.addSigner(role, signer(at));
}

describe('root keys may change from version to version', () => {
  test.each<[string, boolean, Rotation[]]>([
    ['1 of 1, rotated', true, [step([1], 1, [1]), step([2], 1, [2, 1]), step([2], 1, [2])]],
    [
      '1 of 1, with signatures that nobody needs',
      true,
      [step([1], 1, [3, 1, 4]), step([2], 1, [3, 2, 1, 4]), step([2], 1, [3, 2, 4])],
    ],
    [
      '3 of 5, by changing signers',
      true,
      [step([0, 1, 2, 3, 4], 3, [0, 2, 4]), step([0, 1, 2, 3, 4], 3, [0, 4, 1]), step([0, 1, 2, 3, 4], 3, [0, 1, 3])],
    ],
    ['3 of 5, one key rotated', true, [step([0, 1, 2, 3, 4], 3, [0, 2, 4]), step([0, 1, 3, 4, 5], 3, [0, 4, 1])]],
    [
      '3 of 5, all keys rotated by way of both',
      true,
      [
        step([0, 1, 2, 3, 4], 3, [0, 2, 4]),
        step([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
        step([5, 6, 7, 8, 9], 3, [5, 6, 7]),
      ],
    ],
    ['threshold raised to 2 of 3', true, [step([1, 2, 3], 1, [1]), step([1, 2, 3], 2, [1, 2])]],
    [
      'threshold lowered to 1 of 3',
      true,
      [step([1, 2, 3], 2, [1, 2]), step([1, 2, 3], 1, [1, 2]), step([1, 2, 3], 1, [1])],
    ],
    ['threshold raised to 2 of 2', true, [step([1], 1, [1]), step([1, 2], 2, [1, 2])]],
    ['not signed by the old key', false, [step([1], 1, [1]), step([2], 1, [2, 3, 4])]],
    ['not signed by the new key', false, [step([1], 1, [1]), step([2], 1, [1, 3, 4])]],
    ['not signed by three new keys', false, [step([0, 1, 2, 3, 4], 3, [0, 2, 4]), step([0, 1, 3, 4, 5], 3, [0, 2, 4])]],
    ['not signed by three old keys', false, [step([0, 1, 2, 3, 4], 3, [0, 2, 4]), step([0, 1, 3, 4, 5], 3, [0, 4, 5])]],
    ['the raised threshold not reached', false, [step([1, 2, 3], 1, [1]), step([1, 2, 3], 2, [2])]],
    ['the old threshold not reached', false, [step([1, 2, 3], 2, [1, 2]), step([1, 2, 3], 1, [1])]],
  ])('%s: accepted %s', async (_name, accepted, steps) => {
    const simulator = new Simulator();
    simulator.forget('root');
    for (const each of steps) {
      setKeys(simulator, 'root', each);
      simulator.publish('root');
    }
    const roots = simulator.published.get('root') ?? [];
    const client = await clientOf(simulator);
    expect(await client.init(roots[0]?.text)).toBe(0);
    expect(await client.refresh()).toBe(accepted ? 0 : 1);
    expect(client.text('root')).toBe(roots.at(accepted ? -1 : -2)?.text);
  });
});

describe.each(['timestamp', 'snapshot', 'targets'] as const)('the keys of %s may change', (role) => {
  test.each<[string, boolean, Rotation]>([
    ['rotated', true, step([2], 1, [2])],
    ['with signatures that nobody needs', true, step([1], 1, [3, 1, 4])],
    ['not signed by the new key', false, step([2], 1, [1, 3, 4])],
    ['3 of 5, one signature by a stranger', false, step([0, 1, 3, 4, 5], 3, [0, 2, 4])],
    ['3 of 5, one signature missing', false, step([0, 1, 3, 4, 5], 3, [0, 4])],
    ['3 of 5, first three', true, step([0, 1, 2, 3, 4], 3, [0, 2, 4])],
    ['3 of 5, last three', true, step([0, 1, 2, 3, 4], 3, [2, 3, 4])],
  ])('%s: accepted %s', async (_name, accepted, rotation) => {
    const simulator = new Simulator();
    const client = await begin(simulator);
    setKeys(simulator, role, rotation);
    simulator.publish('root', 'targets', 'snapshot', 'timestamp');
    expect(await client.refresh()).toBe(accepted ? 0 : 1);
    expect(client.text(role) === simulator.newest(role)).toBe(accepted);
  });
});

test('one key that stands under many key ids counts once', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  await client.refresh();
  const one = simSigner();
  simulator.addKey('snapshot', one);
  simulator.root.roles.snapshot.threshold = 6;
  for (let at = 0; at < 8; at += 1) {
    const alias = { ...one, keyid: String(at).repeat(64) };
    simulator.root.keys[alias.keyid] = one.key;
    simulator.root.roles.snapshot.keyids.push(alias.keyid);
  }
  simulator.publish('root', 'snapshot', 'timestamp');
  expect(await client.refresh()).toBe(1);
  expect(client.trusted()['snapshot']).toBe(1);
});

test('a threshold above the number of keys is never met', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  await client.refresh();
  for (let at = 0; at < 4; at += 1) simulator.addKey('snapshot');
  simulator.root.roles.snapshot.threshold = 6;
  simulator.publish('root', 'snapshot', 'timestamp');
  expect(await client.refresh()).toBe(1);
  expect(client.trusted()).toMatchObject({ root: 2, snapshot: 1 });
});
