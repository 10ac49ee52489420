/** After test_expiration.py and test_delegated_expiration.py of the public conformance suite. */
import { DAY } from '@fairlead/shared/time';
import { describe, expect, test } from 'vitest';
import { NOW } from '../support/fleet-repository.ts';
import { begin } from './client-under-test.ts';
import { expiry, Simulator } from './simulator.ts';

test('an expired root is taken, and nothing after it', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  await client.refresh();
  simulator.root.expires = expiry(-1);
  simulator.publish('root', 'timestamp');
  expect(await client.refresh()).toBe(1);
  expect(client.trusted()).toEqual({ root: 2, timestamp: 1, snapshot: 1, targets: 1 });
});

test('an expired root in the middle of a chain is only a step', async () => {
  const simulator = new Simulator();
  const client = await begin(simulator);
  simulator.root.expires = expiry(-1);
  simulator.publish('root');
  simulator.root.expires = expiry(30);
  simulator.publish('root');
  expect(await client.refresh()).toBe(0);
  expect(client.trusted()['root']).toBe(3);
});

describe('an expired role is not taken', () => {
  test.each([
    ['timestamp', { timestamp: 1, snapshot: 1, targets: 1 }],
    ['snapshot', { timestamp: 2, snapshot: 1, targets: 1 }],
    ['targets', { timestamp: 2, snapshot: 2, targets: 1 }],
  ] as const)('%s', async (role, trusted) => {
    const simulator = new Simulator();
    const client = await begin(simulator);
    await client.refresh();
    simulator[role].expires = expiry(-1);
    simulator.publish('targets', 'snapshot', 'timestamp');
    expect(await client.refresh()).toBe(1);
    expect(client.trusted()).toMatchObject(trusted);
  });
});

test('what expired here still guards against rollback, and gives way to what is new', async () => {
  const simulator = new Simulator();
  simulator.timestamp.expires = expiry(7);
  simulator.publish('timestamp');
  const client = await begin(simulator);
  await client.refresh();
  simulator.timestamp.expires = expiry(21);
  simulator.publish('targets', 'snapshot', 'timestamp');
  expect(await client.refresh(NOW + 18 * DAY)).toBe(0);
  expect(client.trusted()).toMatchObject({ timestamp: 3, snapshot: 2, targets: 2 });
});

test('an expired timestamp on the robot still refuses an older one', async () => {
  const simulator = new Simulator();
  simulator.timestamp.expires = expiry(7);
  simulator.publish('timestamp', 'timestamp');
  const client = await begin(simulator);
  await client.refresh();
  simulator.timestamp.version = 1;
  simulator.timestamp.expires = expiry(21);
  simulator.publish('timestamp');
  simulator.timestamp.version = 2;
  simulator.publishAs('timestamp');
  expect(await client.refresh(NOW + 18 * DAY)).toBe(1);
  expect(client.trusted()['timestamp']).toBe(3);
});

describe('a delegated role', () => {
  const delegating = (days: number) => {
    const simulator = new Simulator();
    simulator.delegate('targets', 'delegated', { paths: ['delegatedpath/*'], days });
    simulator.addArtifact('delegated', 'delegatedpath/first', 'first');
    simulator.addArtifact('delegated', 'delegatedpath/second', 'second');
    simulator.publish('delegated', 'targets', 'snapshot', 'timestamp');
    return simulator;
  };

  test('that is expired when first seen vouches for nothing', async () => {
    const client = await begin(delegating(-1));
    expect(await client.refresh()).toBe(0);
    expect(await client.download('delegatedpath/first')).toBe(1);
    expect(client.downloads()).toEqual([]);
    expect(client.trusted()).toEqual({ root: 1, snapshot: 2, targets: 2, timestamp: 2 });
  });

  test('that expired since vouches for nothing more', async () => {
    const client = await begin(delegating(7));
    expect(await client.download('delegatedpath/first')).toBe(0);
    expect(await client.download('delegatedpath/second', NOW + 18 * DAY)).toBe(1);
    expect(client.downloads()).toEqual(['first']);
  });

  test('that expired is replaced by its next version', async () => {
    const simulator = delegating(7);
    const client = await begin(simulator);
    await client.download('delegatedpath/first');
    simulator.targetsOf('delegated').expires = expiry(21);
    simulator.publish('delegated', 'snapshot', 'timestamp');
    expect(await client.download('delegatedpath/second', NOW + 18 * DAY)).toBe(0);
    expect(client.downloads().sort()).toEqual(['first', 'second']);
  });
});
