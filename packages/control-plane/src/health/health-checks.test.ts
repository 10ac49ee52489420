import { expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { healthChecks } from './health-checks.ts';

test('a check that throws is red and does not keep the others from being told', async () => {
  const checks = healthChecks();
  checks.register('store', async () => ({ ok: true, detail: 'answers' }));
  checks.register('blobs', async () => {
    throw new Error('/var/lib/secret-place is full');
  });
  const verdicts = await checks.run();
  expect(verdicts['store']).toEqual({ ok: true, detail: 'answers' });
  expect(verdicts['blobs']?.ok).toBe(false);
  expect(JSON.stringify(verdicts)).not.toContain('secret-place');
});

test('a check that hangs is red', async () => {
  const checks = healthChecks(20);
  checks.register('store', () => new Promise(() => {}));
  expect(await checks.run()).toEqual({ store: { ok: false, detail: 'no answer within 20 ms' } });
});

test('readiness is told with every check, and is 503 while one is red', async () => {
  const { app, store } = await testControlPlane();
  const before = await app.inject('/health/ready');
  expect(before.json()).toMatchObject({ checks: { store: { ok: true }, blobs: { ok: true } } });
  await store.close();
  const after = await app.inject('/health/ready');
  expect([after.statusCode, after.json<{ ok: boolean }>().ok]).toEqual([503, false]);
});
