import type { ProblemError } from '@fairlead/shared/api/client';
import { DAY, HOUR } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { CHEAP, PASSWORD, testControlPlane } from '../testing/test-control-plane.ts';
import { hashPassword, isPassword } from './password.ts';

test('a user logs in, and is who the session says', async () => {
  const { as } = await testControlPlane();
  const { operator } = await as('operator');
  expect(await operator.me()).toEqual({ name: 'the-operator', role: 'operator', via: 'session' });
});

test('a wrong password and an unknown name are told apart by nothing', async () => {
  const { as, withToken } = await testControlPlane();
  await as('viewer');
  const login = (name: string, password: string) => withToken().operator.login({ body: { name, password } });
  const answers = await Promise.allSettled([login('the-viewer', 'wrong'), login('nobody', PASSWORD)]);
  const [wrong, unknown] = answers.map((one) => one.status === 'rejected' && (one.reason as ProblemError).problem);
  expect(wrong).toMatchObject({ code: 'unauthenticated' });
  expect({ ...unknown, requestId: '' }).toEqual({ ...wrong, requestId: '' });
});

test('guessing passwords is slowed down', async () => {
  const { withToken } = await testControlPlane();
  const guess = () => refusal(withToken().operator.login({ body: { name: 'admin', password: 'guess' } }));
  const answers = [];
  for (let i = 0; i < 25; i++) answers.push(await guess());
  expect(answers.slice(0, 20)).toEqual(Array(20).fill('unauthenticated'));
  expect(answers.slice(20)).toEqual(Array(5).fill('rate_limited'));
});

test('a session ends after twelve hours', async () => {
  const { as, clock } = await testControlPlane();
  const { operator } = await as('viewer');
  clock.pass(12 * HOUR - 2000);
  expect(await refusal(operator.me())).toBe('accepted');
  clock.pass(3000);
  expect(await refusal(operator.me())).toBe('unauthenticated');
});

test.each([{ password: 'another long password' }, { role: 'viewer' as const }])(
  'changing %o ends the sessions of before',
  async (change) => {
    const { as } = await testControlPlane();
    const { operator } = await as('operator');
    const admin = (await as('admin')).operator;
    await admin.changeUser({ params: { name: 'the-operator' }, body: change });
    expect(await refusal(operator.me())).toBe('unauthenticated');
    expect(await refusal(admin.me())).toBe('accepted');
  },
);

test('a deleted user is nobody, and so are its tokens', async () => {
  const { as, withToken } = await testControlPlane();
  const { operator } = await as('operator');
  const { token } = await operator.createToken({ body: { name: 'ci' } });
  const admin = (await as('admin')).operator;
  await admin.deleteUser({ params: { name: 'the-operator' } });
  expect(await refusal(operator.me())).toBe('unauthenticated');
  expect(await refusal(withToken(token).operator.me())).toBe('unauthenticated');
  expect((await admin.listTokens()).items).toEqual([]);
});

test('the last admin can be neither deleted nor demoted', async () => {
  const { as } = await testControlPlane();
  const { operator } = await as('admin');
  const params = { name: 'the-admin' };
  expect(await refusal(operator.deleteUser({ params }))).toBe('conflict');
  expect(await refusal(operator.changeUser({ params, body: { role: 'operator' } }))).toBe('conflict');
  await operator.createUser({ body: { name: 'second', password: 'a long password', role: 'admin' } });
  expect(await refusal(operator.deleteUser({ params }))).toBe('accepted');
});

test('two admins who demote each other at once leave one', async () => {
  const { as } = await testControlPlane();
  const { operator } = await as('admin');
  await operator.createUser({ body: { name: 'second', password: 'a long password', role: 'admin' } });
  const demote = (name: string) => refusal(operator.changeUser({ params: { name }, body: { role: 'viewer' } }));
  const answers = await Promise.all([demote('the-admin'), demote('second')]);
  expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
});

test('a name is taken once', async () => {
  const { as } = await testControlPlane();
  const { operator } = await as('admin');
  const body = { name: 'eve', password: 'a long password', role: 'viewer' } as const;
  const answers = await Promise.all([1, 2, 3].map(() => refusal(operator.createUser({ body }))));
  expect(answers.sort()).toEqual(['accepted', 'already_exists', 'already_exists']);
});

test('an API token works until it expires or is withdrawn', async () => {
  const { as, withToken, clock } = await testControlPlane();
  const { operator } = await as('operator');
  const short = await operator.createToken({ body: { name: 'a day', ttlDays: 1 } });
  const long = await operator.createToken({ body: { name: 'for ever' } });
  expect(await withToken(long.token).operator.me()).toEqual({
    name: 'the-operator',
    role: 'operator',
    via: 'api-token',
  });
  clock.pass(DAY);
  expect(await refusal(withToken(short.token).operator.me())).toBe('unauthenticated');
  expect(await refusal(withToken(long.token).operator.me())).toBe('accepted');
  await withToken(long.token).operator.deleteToken({ params: { id: long.id } });
  expect(await refusal(withToken(long.token).operator.me())).toBe('unauthenticated');
});

test('an API token is worth its own role, and never more than its owner has now', async () => {
  const { as, withToken } = await testControlPlane();
  const { operator } = await as('operator');
  const reader = withToken((await operator.createToken({ body: { name: 'reader', role: 'viewer' } })).token).operator;
  const writer = withToken((await operator.createToken({ body: { name: 'writer' } })).token).operator;
  expect(await refusal(operator.createToken({ body: { name: 'too much', role: 'admin' } }))).toBe('forbidden');
  expect(await refusal(reader.listEnrolmentTokens())).toBe('forbidden');
  expect(await refusal(writer.listEnrolmentTokens())).toBe('accepted');
  const admin = (await as('admin')).operator;
  await admin.changeUser({ params: { name: 'the-operator' }, body: { role: 'viewer' } });
  expect(await refusal(writer.listEnrolmentTokens())).toBe('forbidden');
});

test("nobody sees or withdraws another user's tokens, except an admin", async () => {
  const { as } = await testControlPlane();
  const { operator } = await as('operator');
  const viewer = (await as('viewer')).operator;
  const { id } = await operator.createToken({ body: { name: 'ci' } });
  expect((await viewer.listTokens()).items).toEqual([]);
  expect(await refusal(viewer.deleteToken({ params: { id } }))).toBe('not_found');
  const admin = (await as('admin')).operator;
  expect((await admin.listTokens()).items).toMatchObject([{ id, user: 'the-operator' }]);
  expect(await refusal(admin.deleteToken({ params: { id } }))).toBe('accepted');
});

test('neither the store nor the log has a password or a token in clear', async () => {
  const { as, store, log } = await testControlPlane();
  const { operator } = await as('operator');
  const { token } = await operator.createToken({ body: { name: 'ci' } });
  const kept = JSON.stringify([await store.people.all(), await store.people.allTokens(), log]);
  expect(kept).not.toContain(token);
  expect(kept).not.toContain(PASSWORD);
});

/** A token made by hand: attacks 69. */
const forged = (header: object, claims: object): string =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

test.each([
  [{ alg: 'none', typ: 'JWT' }, ''],
  [{ alg: 'HS256', typ: 'JWT', kid: '../../dev/null' }, 'AAAA'],
  [{ alg: 'RS256', typ: 'JWT', jku: 'http://evil.example/keys' }, 'AAAA'],
])('a session token with the header %o is refused', async (header, signature) => {
  const { as, withToken, clock } = await testControlPlane();
  await as('admin');
  const iat = Math.floor(clock.now() / 1000);
  const claims = { sub: 'the-admin', gen: 1, iss: 'fairlead-control-plane', iat, exp: iat + 3600 };
  expect(await refusal(withToken(`${forged(header, claims)}.${signature}`).operator.me())).toBe('unauthenticated');
});

test('a password fits its own hash only, in any spelling of the same letters', async () => {
  const hash = hashPassword('caf\u00e9 au lait', CHEAP);
  expect(isPassword('cafe\u0301 au lait', hash)).toBe(true);
  expect(isPassword('cafe au lait', hash)).toBe(false);
  expect(isPassword('', 'not a hash')).toBe(false);
  expect(hashPassword('caf\u00e9 au lait', CHEAP)).not.toBe(hash);
});
