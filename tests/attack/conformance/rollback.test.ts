/** After test_rollback.py of the public conformance suite. */
import { describe, expect, test } from 'vitest';
import { begin } from './client-under-test.ts';
import { Simulator } from './simulator.ts';

test('a timestamp that goes back is refused', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  simulator.publish('timestamp');
  await client.refresh();
  simulator.timestamp.version = 1;
  simulator.publishAs('timestamp');
  expect(await client.refresh()).toBe(1);
  expect(client.trusted()['timestamp']).toBe(2);
  expect(client.asked.at(-1)).toBe('timestamp');
});

describe.each([false, true])('with digests of metadata: %s', (withHashes) => {
  test('a snapshot that goes back is refused by what the old timestamp said', async () => {
    const simulator = new Simulator();
    simulator.withHashes = withHashes;
    const client = await begin(simulator);
    simulator.publish('snapshot', 'timestamp');
    await client.refresh();
    simulator.snapshot.version = 1;
    simulator.publishAs('snapshot');
    simulator.publish('timestamp');
    expect(await client.refresh()).toBe(1);
    expect(client.trusted()).toMatchObject({ timestamp: 2, snapshot: 2 });
    expect(client.asked.at(-1)).toBe('timestamp');
  });

  test('targets that go back are refused by what the old snapshot said', async () => {
    const simulator = new Simulator();
    simulator.withHashes = withHashes;
    const client = await begin(simulator);
    simulator.publish('targets', 'snapshot', 'timestamp');
    await client.refresh();
    simulator.targets.version = 1;
    simulator.publishAs('targets');
    simulator.publish('snapshot', 'timestamp');
    expect(await client.refresh()).toBe(1);
    expect(client.trusted()).toMatchObject({ timestamp: 3, snapshot: 2, targets: 2 });
  });
});

test('a snapshot other than the one that the timestamp names is refused', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  simulator.timestamp.meta['snapshot.json'].version = 2;
  simulator.publish('timestamp');
  expect(await client.refresh()).toBe(1);
  expect(client.trusted()).toEqual({ root: 1, timestamp: 2 });
  expect(client.asked.at(-1)).toBe('2.snapshot');
});

describe('after a fast-forward, new keys let versions start again', () => {
  test('of timestamp', async () => {
    const simulator = new Simulator();
    const client = await begin(simulator);
    simulator.timestamp.version = 99_999;
    simulator.publish('timestamp');
    expect(await client.refresh()).toBe(0);
    simulator.rotateKeys('timestamp');
    simulator.publish('root');
    simulator.timestamp.version = 1;
    simulator.publishAs('timestamp');
    expect(await client.refresh()).toBe(0);
    expect(client.trusted()['timestamp']).toBe(1);
  });

  test('of snapshot, with a new timestamp key too', async () => {
    const simulator = new Simulator();
    const client = await begin(simulator);
    simulator.snapshot.version = 99_999;
    simulator.publish('snapshot', 'timestamp');
    expect(await client.refresh()).toBe(0);
    simulator.rotateKeys('snapshot');
    simulator.rotateKeys('timestamp');
    simulator.publish('root');
    simulator.snapshot.version = 1;
    simulator.publishAs('snapshot');
    simulator.publish('timestamp');
    expect(await client.refresh()).toBe(0);
    expect(client.trusted()['snapshot']).toBe(1);
  });

  test('of targets, with a new snapshot key', async () => {
    const simulator = new Simulator();
    const client = await begin(simulator);
    simulator.targets.version = 99_999;
    simulator.publish('targets', 'snapshot', 'timestamp');
    expect(await client.refresh()).toBe(0);
    simulator.rotateKeys('snapshot');
    simulator.publish('root');
    simulator.targets.version = 1;
    simulator.publishAs('targets');
    simulator.publish('snapshot', 'timestamp');
    expect(await client.refresh()).toBe(0);
    expect(client.trusted()['targets']).toBe(1);
  });
});
