import { DAY, HOUR, toTimestamp } from '@fairlead/shared/time';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { SnapshotMetadata, TimestampMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { makeFirstRepository } from '@fairlead/shared/trust/repository';
import { describe, expect, test } from 'vitest';
import { type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';
import { testPublisher } from '../testing/test-publisher.ts';
import { sayStale } from './freshness.ts';
import { dueFor, refreshOnce } from './keep-fresh.ts';
import { trustVerdict } from './trust-health.ts';

async function initialised() {
  const controlPlane = await testControlPlane();
  const publisher = await testPublisher(controlPlane);
  const get = (path: string) => controlPlane.app.inject(path);
  return { controlPlane, publisher, get, ...publisher };
}
const newest = async ({ store }: TestControlPlane) => {
  const [snapshot, timestamp] = [await store.metadata.newest('snapshot'), await store.metadata.newest('timestamp')];
  if (!snapshot || !timestamp) throw new Error('the trust is initialised');
  return { snapshot, timestamp };
};

describe('the trust of a control plane', () => {
  test('is told once; the same again is fine, another root never', async () => {
    const { api, first, signers, controlPlane } = await initialised();
    expect(await api.trustState()).toMatchObject({ initialised: true, rootVersion: 1 });
    const { rootSha256 } = await api.trustState();
    expect(await api.trustInit({ body: first })).toEqual({ rootSha256 });
    const { onlineKeys } = await api.trustState();
    const other = makeFirstRepository({ now: controlPlane.clock.now() + 1000, signers, online: onlineKeys });
    await expect(api.trustInit({ body: other })).rejects.toMatchObject({ problem: { code: 'already_exists' } });
  });

  test('never begins with a root that names other online keys', async () => {
    const controlPlane = await testControlPlane();
    const { publish } = await controlPlane.as('admin');
    const { onlineKeys } = await publish.trustState();
    const key = () => signerFromSeed(generateKeyPair().seed);
    const signers = { root: [key()], targets: [key()], development: [key()], staging: [key()], production: [key()] };
    const online = { ...onlineKeys, timestamp: key().publicKey };
    const body = makeFirstRepository({ now: controlPlane.clock.now(), signers, online });
    await expect(publish.trustInit({ body })).rejects.toMatchObject({ problem: { code: 'refused' } });
    expect((await publish.trustState()).initialised).toBe(false);
  });

  test('is an admin’s to give', async () => {
    const { controlPlane, first } = await initialised();
    const { publish } = await controlPlane.as('operator');
    await expect(publish.trustInit({ body: first })).rejects.toMatchObject({ problem: { code: 'forbidden' } });
  });
});

describe('the repository', () => {
  test('serves what was signed, byte for byte, and only the timestamp must not be cached', async () => {
    const { get, first, controlPlane } = await initialised();
    expect((await get('/tuf/1.root.json')).body).toBe(first.root);
    expect((await get('/tuf/1.production.json')).body).toBe(first.roles.production);
    expect((await get('/tuf/1.root.json')).headers['cache-control']).toContain('immutable');
    const timestamp = await get('/tuf/timestamp.json');
    expect(timestamp.headers['cache-control']).toBe('no-store');
    expect(timestamp.body).toBe((await newest(controlPlane)).timestamp.text);
  });

  test.each([
    '/tuf/2.root.json',
    '/tuf/root.json',
    '/tuf/1.timestamp.json',
    '/tuf/1.mallory.json',
    `/tuf/targets/releases/production/${'0'.repeat(64)}.duck-policy-1.0.0.json`,
    '/tuf/targets/policy/production.json',
    '/tuf/targets/../../etc/passwd',
  ])('does not have %s', async (path) => {
    const { get } = await initialised();
    expect((await get(path)).statusCode).toBe(404);
  });
});

describe('what the control plane signs by itself', () => {
  test('is signed again long before it expires', async () => {
    const { controlPlane } = await initialised();
    const { snapshot, timestamp } = await newest(controlPlane);
    const signedAt = controlPlane.clock.now();
    const due = (later: number) => dueFor({ snapshot: snapshot.text, timestamp: timestamp.text }, signedAt + later);
    expect(due(6 * HOUR - 1)).toBe('nothing');
    expect(due(6 * HOUR)).toBe('timestamp');
    expect(due(3 * DAY)).toBe('snapshot');
  });

  test('keeps a server that only ticks fresh for a month, and forgets what nobody reads any more', async () => {
    const { controlPlane, publisher } = await initialised();
    const { clock, store } = controlPlane;
    const signing = { keys: controlPlane.onlineKeys, clock };
    for (let hour = 0; hour < 40 * 24; hour += 6) {
      clock.pass(6 * HOUR);
      await refreshOnce(store, signing);
      const { snapshot, timestamp } = await newest(controlPlane);
      const of = parseOwn(TimestampMetadata, timestamp.text).signed;
      expect(of.expires > toTimestamp(clock.now() + 12 * HOUR)).toBe(true);
      expect(of.meta['snapshot.json'].version).toBe(snapshot.version);
      expect(parseOwn(SnapshotMetadata, snapshot.text).signed.expires > toTimestamp(clock.now() + 3 * DAY)).toBe(true);
    }
    expect(await store.metadata.find('timestamp', 2)).toBeUndefined();
    expect(await store.metadata.find('root', 1)).toMatchObject({ text: publisher.first.root });
  });

  test('is not signed with a key that the root does not name: robots would refuse it', async () => {
    const { controlPlane } = await initialised();
    const { clock, store, onlineKeys } = controlPlane;
    const before = await newest(controlPlane);
    clock.pass(7 * HOUR);
    const lost = { ...onlineKeys, timestamp: signerFromSeed(generateKeyPair().seed) };
    await expect(refreshOnce(store, { keys: lost, clock })).rejects.toThrow('another timestamp key');
    expect(await newest(controlPlane)).toEqual(before);
    expect(await trustVerdict(store, lost, clock)).toMatchObject({
      ok: false,
      detail: expect.stringMatching('timestamp'),
    });
  });

  test('is told to load balancers and Prometheus before it is too late', async () => {
    const { controlPlane, get } = await initialised();
    const trust = async () => (await get('/health/ready')).json().checks.trust;
    expect(await trust()).toEqual({ ok: true, detail: 'all signed metadata is fresh' });
    controlPlane.clock.pass(13 * HOUR);
    expect(await trust()).toEqual({ ok: false, detail: 'timestamp expires in 11 h' });
    expect((await get('/health/ready')).statusCode).toBe(503);
    expect((await get('/metrics')).body).toMatch(/fairlead_metadata_expires_seconds\{role="director"\} \d{10}/);
  });
});

test('what is closest to its end is said first', () => {
  const now = Date.UTC(2026, 10, 21);
  const expiries = [
    { role: 'root', expiresAt: now + 89 * DAY },
    { role: 'production', expiresAt: now + 21 * DAY },
    { role: 'staging', expiresAt: now - 1 },
  ] as const;
  expect(sayStale(expiries, now)).toEqual(['staging has expired', 'root expires in 2136 h']);
});
