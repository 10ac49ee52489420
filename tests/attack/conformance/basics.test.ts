/** After test_basic.py of the public conformance suite. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { productProfile } from '@fairlead/toolkit/trust/trust-profile';
import { describe, expect, test } from 'vitest';
import { begin, clientOf } from './client-under-test.ts';
import { Simulator } from './simulator.ts';

const TOP = { root: 1, timestamp: 1, snapshot: 1, targets: 1 };

test('the first refresh asks for the next root, timestamp, snapshot and targets, in this order', async () => {
  const client = await begin(new Simulator());
  expect(await client.refresh()).toBe(0);
  expect(client.asked).toEqual(['2.root', 'timestamp', '1.snapshot', '1.targets']);
  expect(client.trusted()).toEqual(TOP);
});

test('a download refreshes first, also when its target does not exist', async () => {
  const client = await begin(new Simulator());
  expect(await client.download('nonexistent artifact')).toBe(1);
  expect(client.asked).toEqual(['2.root', 'timestamp', '1.snapshot', '1.targets']);
  expect(client.trusted()).toEqual(TOP);
});

describe('an initial root that is no root is never used', () => {
  test.each([
    ['without a version', (text: string) => text.replace(/"version": 1,/, '')],
    ['with a foreign signature', (text: string) => text.replace(/"sig": "[^"]*"/, '"sig": "3045022100ee"')],
  ])('%s', async (_what, change) => {
    const simulator = new Simulator();
    const client = await clientOf(simulator);
    await client.init(change(simulator.newest('root')));
    expect(await client.refresh()).toBe(1);
    expect(client.asked).toEqual([]);
  });
});

describe('a role that is not signed rightly ends the refresh there, and what came before counts', () => {
  test.each([
    ['root', { root: 1 }],
    ['timestamp', { root: 1 }],
    ['snapshot', { root: 1, timestamp: 1 }],
    ['targets', { root: 1, snapshot: 1, timestamp: 1 }],
  ])('%s', async (role, trusted) => {
    const simulator = new Simulator();
    const client = await begin(simulator);
    simulator.signers.set(role, []);
    if (role === 'root') simulator.publish('root');
    else {
      simulator.forget('targets', 'snapshot', 'timestamp');
      simulator.publish('targets', 'snapshot', 'timestamp');
    }
    expect(await client.refresh()).toBe(1);
    expect(client.trusted()).toEqual(trusted);
  });
});

test('a timestamp of the same version with other content is not taken', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  await client.refresh();
  const before = client.text('timestamp');
  simulator.timestamp.meta['snapshot.json'].version = 100;
  simulator.publishAs('timestamp');
  expect(await client.refresh()).toBe(0);
  expect(client.asked.at(-1)).toBe('timestamp');
  expect(client.text('timestamp')).toBe(before);
});

test('digests of metadata are checked where they are given', async () => {
  const simulator = new Simulator();
  simulator.withHashes = true;
  simulator.publish('targets', 'snapshot', 'timestamp');
  const client = await begin(simulator);
  expect(await client.refresh()).toBe(0);
  simulator.publish('targets');
  simulator.snapshot.meta['targets.json'] = { version: 3, hashes: { sha256: '46'.repeat(32) } };
  simulator.publish('snapshot', 'timestamp');
  expect(await client.refresh()).toBe(1);
  expect(client.trusted()).toMatchObject({ snapshot: 3, targets: 2 });
});

test('targets that no snapshot names are not asked for', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  await client.refresh();
  simulator.publish('targets');
  expect(await client.refresh()).toBe(0);
  expect(client.asked.at(-1)).toBe('timestamp');
  expect(client.trusted()).toEqual(TOP);
});

test('members that nobody knows are signed like all others', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  await client.refresh();
  Object.assign(simulator.root, { 'custom-field': 'value' });
  Object.assign(simulator.root.roles.root, { 'another-field': 'value' });
  Object.assign(Object.values(simulator.root.keys)[0] ?? {}, { 'extra-field': { a: 1, b: 2 } });
  simulator.publish('root');
  expect(await client.refresh()).toBe(0);
  expect(client.trusted()['root']).toBe(2);
});

test('what is trusted is kept byte for byte', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  simulator.publish('root', 'targets', 'snapshot', 'timestamp');
  await client.refresh();
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'])
    expect(client.text(role)).toBe(simulator.newest(role));
});

test('the executable that the suite starts does the same, by the machine clock', async () => {
  const simulator = new Simulator();
  for (const role of [simulator.root, simulator.targets, simulator.snapshot, simulator.timestamp]) {
    role.expires = '2100-01-01T00:00:00Z';
  }
  simulator.publish('root', 'targets', 'snapshot', 'timestamp');
  const client = await begin(simulator);
  const script = fileURLToPath(new URL('../../conformance/client.ts', import.meta.url));
  const run = async () => {
    const child = spawn(process.execPath, [script, ...client.commandLine('refresh')], { stdio: 'ignore' });
    return (await once(child, 'exit'))[0];
  };
  expect(await run()).toBe(0);
  expect(client.trusted()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 });
  simulator.timestamp.version = 0;
  simulator.publish('timestamp');
  expect(await run()).toBe(1);
});

describe('a target that is signed with another digest than SHA-256', () => {
  const signedBy = (algorithm: string): Simulator => {
    const simulator = new Simulator();
    simulator.addArtifactBy(algorithm, 'duck', 'quack');
    simulator.publish('targets', 'snapshot', 'timestamp');
    return simulator;
  };

  test('is downloaded by the loose profile, also from the file that is kept, and only with the bytes that were signed', async () => {
    const simulator = signedBy('sha512');
    const client = await begin(simulator);
    expect(await client.download('duck')).toBe(0);
    expect(await client.download('duck')).toBe(0);
    expect(client.downloads()).toEqual(['quack']);
    simulator.artifacts.set('duck', 'Quack');
    expect(await (await begin(simulator)).download('duck')).toBe(1);
  });

  test('attack 137: is never taken by a robot, and by no profile where the algorithm is weak', async () => {
    expect([productProfile().otherDigests, productProfile('production' as EnvironmentName).otherDigests]).toEqual([
      [],
      [],
    ]);
    expect(await (await begin(signedBy('md5'))).download('duck')).toBe(1);
  });
});
