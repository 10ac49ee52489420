/** Rights belong to a person and not to a name, and end with the person, the session or the token that they came from. */
import type { Role } from '@fairlead/shared/api/route';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { DAY } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { PASSWORD, type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';

const NEW_PASSWORD = 'seven green bottles';

/** Logs in by name; answers clients with that session. */
async function logIn({ withToken }: TestControlPlane, name: string, password = PASSWORD) {
  const session = await withToken().operator.login({ body: { name, password } });
  return { ...withToken(session.token), session };
}

const audit = async (controlPlane: TestControlPlane) =>
  (await (await controlPlane.as('viewer')).operator.listAudit({ query: { order: 'oldest-first', limit: 500 } })).items;

test('attack 121: a new person of the same name inherits no session, no token, no stored reply and no seen notice', async () => {
  const controlPlane = await testControlPlane();
  const admin = (await controlPlane.as('admin')).operator;
  const eve = { name: 'eve', password: PASSWORD, role: 'operator' } as const;
  await admin.createUser({ body: eve });
  const before = (await logIn(controlPlane, 'eve')).operator;
  const { token } = await before.createToken({ body: { name: 'ci' } });
  const body = { name: 'geese', selector: 'site=oslo' };
  await before.createGroup({ body }, { idempotencyKey: 'monday' });
  await controlPlane.store.audit.append({
    at: controlPlane.clock.now(),
    by: 'x',
    action: 'x',
    element: 'x',
    detail: 'x',
    loud: true,
  });
  const [notice] = (await before.listNotices()).items;
  await before.acknowledgeNotice({ params: { seq: String(notice?.seq) } });
  expect((await before.listNotices()).items).toEqual([]);

  await admin.deleteUser({ params: { name: 'eve' } });
  await admin.createUser({ body: eve });
  expect(await refusal(before.me())).toBe('unauthenticated');
  expect(await refusal(controlPlane.withToken(token).operator.me())).toBe('unauthenticated');
  const after = (await logIn(controlPlane, 'eve')).operator;
  expect((await after.listTokens()).items).toEqual([]);
  // Carried out anew, and not answered with what the first eve was answered.
  expect(await refusal(after.createGroup({ body: { ...body, name: 'swans' } }, { idempotencyKey: 'monday' }))).toBe(
    'accepted',
  );
  expect((await after.listNotices()).items).toMatchObject([{ seq: notice?.seq }]);
});

test('a session that was logged out is worth nothing, and no other session ends with it', async () => {
  const controlPlane = await testControlPlane();
  await controlPlane.as('operator');
  const [one, other] = [await logIn(controlPlane, 'the-operator'), await logIn(controlPlane, 'the-operator')];
  await one.operator.logout();
  expect(await refusal(one.operator.me())).toBe('unauthenticated');
  expect(await refusal(one.operator.logout())).toBe('unauthenticated');
  expect(await refusal(other.operator.me())).toBe('accepted');
});

test('people change their own password: every session ends, and the one of the reply goes on', async () => {
  const controlPlane = await testControlPlane();
  await controlPlane.as('viewer');
  const [one, other] = [await logIn(controlPlane, 'the-viewer'), await logIn(controlPlane, 'the-viewer')];
  const change = (password: string, newPassword: string) =>
    one.operator.changeMyPassword({ body: { password, newPassword } });
  expect(await refusal(change('a wrong password', NEW_PASSWORD))).toBe('refused');
  expect(await refusal(one.operator.me())).toBe('accepted');
  const { token } = await change(PASSWORD, NEW_PASSWORD);
  expect(await refusal(one.operator.me())).toBe('unauthenticated');
  expect(await refusal(other.operator.me())).toBe('unauthenticated');
  expect(await refusal(controlPlane.withToken(token).operator.me())).toBe('accepted');
  expect(await refusal(logIn(controlPlane, 'the-viewer'))).toBe('unauthenticated');
  expect(await refusal(logIn(controlPlane, 'the-viewer', NEW_PASSWORD))).toBe('accepted');
});

test('of two changes of a password at once one is carried out', async () => {
  const controlPlane = await testControlPlane();
  const { operator } = await controlPlane.as('viewer');
  const answers = await Promise.all(
    ['one', 'two'].map((n) =>
      refusal(operator.changeMyPassword({ body: { password: PASSWORD, newPassword: `${NEW_PASSWORD} ${n}` } })),
    ),
  );
  expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
});

test('a password that the server made up opens nothing but the way to another one', async () => {
  const controlPlane = await testControlPlane();
  await controlPlane.as('admin');
  const made = await controlPlane.store.people.find('the-admin');
  if (made) await controlPlane.store.people.replace({ ...made, mustChangePassword: true });
  const { operator, session } = await logIn(controlPlane, 'the-admin');
  expect(session).toMatchObject({ mustChangePassword: true });
  expect(await refusal(operator.listUsers())).toBe('must_change_password');
  expect(await refusal(operator.createToken({ body: { name: 'ci' } }))).toBe('must_change_password');
  const same = { password: PASSWORD, newPassword: PASSWORD };
  expect(await refusal(operator.changeMyPassword({ body: same }))).toBe('refused');
  const { token, ...changed } = await operator.changeMyPassword({ body: { ...same, newPassword: NEW_PASSWORD } });
  expect(changed).not.toHaveProperty('mustChangePassword');
  expect(await refusal(controlPlane.withToken(token).operator.listUsers())).toBe('accepted');
});

test('attack 122: an API token neither changes a password nor logs out', async () => {
  const { as, withToken } = await testControlPlane();
  const { token } = await (await as('admin')).operator.createToken({ body: { name: 'ci' } });
  const { operator } = withToken(token);
  const body = { password: PASSWORD, newPassword: NEW_PASSWORD };
  expect(await refusal(operator.changeMyPassword({ body }))).toBe('forbidden');
  expect(await refusal(operator.logout())).toBe('forbidden');
});

test('attack 122: an admin’s API token neither sets anybody’s password nor makes an admin, who would outlive it', async () => {
  const { as, withToken } = await testControlPlane();
  const { token } = await (await as('admin')).operator.createToken({ body: { name: 'ci' } });
  const { operator } = withToken(token);
  const { name } = await operator.me();
  const ofAdmin = { params: { name }, body: { password: NEW_PASSWORD } };
  expect(await refusal(operator.changeUser(ofAdmin))).toBe('forbidden');
  const bob = { name: 'bob', password: NEW_PASSWORD };
  expect(await refusal(operator.createUser({ body: { ...bob, role: 'admin' } }))).toBe('forbidden');
  // Scripts create users.
  expect(await refusal(operator.createUser({ body: { ...bob, role: 'viewer' } }))).toBe('accepted');
  const role = (wanted: Role) => refusal(operator.changeUser({ params: { name: 'bob' }, body: { role: wanted } }));
  expect([await role('operator'), await role('admin')]).toEqual(['accepted', 'forbidden']);
});

test('attack 122: what an API token makes ends with it and outranks it never', async () => {
  const { as, withToken, clock, store } = await testControlPlane();
  const { operator } = await as('operator');
  const parent = await operator.createToken({ body: { name: 'parent', ttlDays: 2 } });
  const script = withToken(parent.token).operator;
  expect(await refusal(script.createToken({ body: { name: 'more', role: 'admin' } }))).toBe('forbidden');
  const child = await script.createToken({ body: { name: 'child', ttlDays: 365 } });
  const grandchild = await withToken(child.token).operator.createToken({ body: { name: 'grandchild' } });
  const development = 'development' as EnvironmentName;
  const joining = await script.createEnrolmentToken({ body: { environment: development, ttlSec: 30 * 86_400 } });
  const ends = new Date(clock.now() + 2 * DAY).toISOString();
  expect(joining.expiresAt).toBe(ends);
  const { items } = await operator.listTokens();
  expect(Object.fromEntries(items.map(({ name, expiresAt }) => [name, expiresAt]))).toEqual({
    parent: ends,
    child: ends,
    grandchild: ends,
  });
  await operator.deleteToken({ params: { id: parent.id } });
  expect(await refusal(withToken(grandchild.token).operator.me())).toBe('unauthenticated');
  expect(await store.enrolmentTokens.usable(clock.now())).toEqual([]);
});

test('what an API token does is in the audit log as done by the token, and is found by the name of its owner', async () => {
  const controlPlane = await testControlPlane();
  const { operator } = await controlPlane.as('operator');
  const { id, token } = await operator.createToken({ body: { name: 'ci' } });
  await controlPlane.withToken(token).operator.createGroup({ body: { name: 'geese', selector: 'site=oslo' } });
  const by = `the-operator (token ${id} ci)`;
  const filtered = async (name: string) =>
    (await operator.listAudit({ query: { by: name } })).items.map(({ action }) => action);
  expect(await filtered(by)).toEqual(['group.save']);
  expect(await filtered('the-operator')).toEqual(['group.save', 'token.create', 'session.login']);
  expect(await filtered('the-operato')).toEqual([]);
});

test('logins are in the audit log, with the attempts that failed before, and so is the end of a session', async () => {
  const controlPlane = await testControlPlane();
  await controlPlane.as('operator');
  await refusal(logIn(controlPlane, 'the-operator', 'guess'));
  await refusal(logIn(controlPlane, 'the-operator', 'another guess'));
  await (await logIn(controlPlane, 'the-operator')).operator.logout();
  const entries = (await audit(controlPlane)).filter(({ by }) => by === 'the-operator');
  expect(entries.map(({ action, detail }) => `${action}: ${detail}`)).toEqual([
    'session.login: the-operator logged in as operator from 127.0.0.1.',
    'session.login: the-operator logged in as operator from 127.0.0.1. Before, 2 attempts failed.',
    'session.logout: the-operator logged out from 127.0.0.1.',
  ]);
});

test.each([
  [' '.repeat(10), 'ten blanks'],
  ['aaaaaaaaaaaa', 'one character again and again'],
  ['gustavsson', 'the name itself'],
  ['Gustavsson123', 'the name and a number'],
  ['  short  1  ', 'blanks around a short one'],
])('attack 123: a password that is guessed first is refused: %j (%s)', async (password) => {
  const controlPlane = await testControlPlane();
  const admin = (await controlPlane.as('admin')).operator;
  const name = 'gustavsson';
  expect(await refusal(admin.createUser({ body: { name, role: 'viewer', password } }))).toBe('refused');
  await admin.createUser({ body: { name, role: 'viewer', password: PASSWORD } });
  expect(await refusal(admin.changeUser({ params: { name }, body: { password } }))).toBe('refused');
  const { operator } = await logIn(controlPlane, name);
  expect(await refusal(operator.changeMyPassword({ body: { password: PASSWORD, newPassword: password } }))).toBe(
    'refused',
  );
  expect(await refusal(operator.me())).toBe('accepted');
});

test('nobody can take the name under which the control plane signs its own entries', async () => {
  const { operator } = await (await testControlPlane()).as('admin');
  const body = { name: 'control-plane', role: 'viewer', password: PASSWORD } as const;
  expect(await refusal(operator.createUser({ body }))).toBe('refused');
});
