import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newHome, problem, runFairlead } from '../testing/run-fairlead.ts';

const LOGIN = 'POST /api/v1/login';
const session = { token: 'secret-token', expiresAt: '2026-11-22T09:00:00.000Z', name: 'admin', role: 'admin' };
const login = 'login --server http://other.test/ --password-file -';

async function loggedIn() {
  const home = newHome();
  const said = await runFairlead(login, { home, stdin: 'correct horse\n', script: { [LOGIN]: session } });
  return { home, said };
}

test('the password comes from the file, and the token is stored for its owner only', async () => {
  const { home, said } = await loggedIn();
  expect(said.exitCode).toBe(0);
  expect(said.asked[0]?.body).toEqual({ name: 'admin', password: 'correct horse' });
  expect(said.stdout + said.stderr).not.toContain('secret-token');
  expect(statSync(join(home, 'session.json')).mode & 0o777).toBe(0o600);
});

test('later commands go to the server that was logged in to, as that person', async () => {
  const { home } = await loggedIn();
  const { requests } = await runFairlead('status', { home, env: { FAIRLEAD_SERVER: undefined } });
  expect(requests[0]?.url.origin).toBe('http://other.test');
  expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret-token' });
});

test('a token is never told to another server', async () => {
  const { home } = await loggedIn();
  const { requests } = await runFairlead('status --server http://evil.test', { home });
  expect(requests[0]?.headers).not.toHaveProperty('authorization');
});

test('FAIRLEAD_TOKEN stands in for a login', async () => {
  const { requests } = await runFairlead('status', { env: { FAIRLEAD_TOKEN: 'from-ci' } });
  expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer from-ci' });
});

test('after logging out nobody is logged in', async () => {
  const { home } = await loggedIn();
  expect((await runFairlead('logout', { home })).exitCode).toBe(0);
  const { requests } = await runFairlead('status --server http://other.test', { home });
  expect(requests[0]?.headers).not.toHaveProperty('authorization');
});

test('a wrong password leaves no session', async () => {
  const home = newHome();
  const script = { [LOGIN]: problem('unauthenticated', 401, { detail: 'Wrong name or password.' }) };
  const { exitCode, stderr } = await runFairlead(login, { home, stdin: 'guess', script });
  expect(exitCode).toBe(5);
  expect(stderr).toContain('Wrong name or password.');
});

test('without a terminal the password must come from a file', async () => {
  const { exitCode, stderr } = await runFairlead('login');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--password-file FILE');
});
