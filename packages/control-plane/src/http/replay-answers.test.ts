import { DAY } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';

async function admin() {
  const controlPlane = await testControlPlane();
  return { controlPlane, operator: (await controlPlane.as('admin')).operator };
}
const eve = { name: 'eve', password: 'a long password', role: 'viewer' } as const;

test('a POST repeated with its Idempotency-Key is carried out once and answered alike', async () => {
  const { operator } = await admin();
  const first = await operator.createUser({ body: eve }, { idempotencyKey: 'k1' });
  expect(await operator.createUser({ body: eve }, { idempotencyKey: 'k1' })).toEqual(first);
  expect(await refusal(operator.createUser({ body: eve }, { idempotencyKey: 'k2' }))).toBe('already_exists');
});

test('the same key with another request is a mistake', async () => {
  const { operator } = await admin();
  await operator.createUser({ body: eve }, { idempotencyKey: 'k1' });
  const other = operator.createUser({ body: { ...eve, name: 'adam' } }, { idempotencyKey: 'k1' });
  expect(await refusal(other)).toBe('refused');
});

test('two repetitions at once are not both carried out', async () => {
  const { operator } = await admin();
  const create = () => refusal(operator.createUser({ body: eve }, { idempotencyKey: 'k1' }));
  const answers = await Promise.all([create(), create()]);
  expect(answers).not.toContain('already_exists');
  expect(answers).toContain('accepted');
});

test('a refused request may be tried again with the same key', async () => {
  const { operator } = await admin();
  await operator.createUser({ body: eve });
  expect(await refusal(operator.createUser({ body: eve }, { idempotencyKey: 'k1' }))).toBe('already_exists');
  await operator.deleteUser({ params: { name: 'eve' } });
  expect(await refusal(operator.createUser({ body: eve }, { idempotencyKey: 'k1' }))).toBe('accepted');
});

test('a key means nothing after a day', async () => {
  const { controlPlane, operator } = await admin();
  await operator.createUser({ body: eve }, { idempotencyKey: 'k1' });
  await operator.deleteUser({ params: { name: 'eve' } });
  controlPlane.clock.pass(DAY);
  await controlPlane.store.idempotentReplies.forgetBefore(controlPlane.clock.now());
  const { operator: later } = await controlPlane.as('admin');
  await later.createUser({ body: eve }, { idempotencyKey: 'k1' });
  expect((await later.listUsers()).items.map(({ name }) => name)).toContain('eve');
});

test('a reply that holds a secret is never kept', async () => {
  const { operator } = await admin();
  const first = await operator.createToken({ body: { name: 'ci' } }, { idempotencyKey: 'k1' });
  const second = await operator.createToken({ body: { name: 'ci' } }, { idempotencyKey: 'k1' });
  expect(second.token).not.toBe(first.token);
});
