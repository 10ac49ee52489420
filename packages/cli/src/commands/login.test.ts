import { statSync, writeFileSync } from 'node:fs';
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
  const ended = await runFairlead('logout', { home, script: { 'POST /api/v1/logout': {} } });
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.requests[0]?.url.href).toBe('http://other.test/api/v1/logout');
  expect(ended.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret-token' });
  const { requests } = await runFairlead('status --server http://other.test', { home });
  expect(requests[0]?.headers).not.toHaveProperty('authorization');
});

test('who logs out where the control plane does not answer is told that the session goes on there', async () => {
  const { home } = await loggedIn();
  const transport = () => Promise.reject(new Error('connect ECONNREFUSED'));
  const ended = await runFairlead('logout', { home, transport });
  expect(ended.exitCode).toBe(0);
  expect(ended.stderr).toContain(session.expiresAt);
});

const CHANGE = 'POST /api/v1/me/password';
const renewed = { ...session, token: 'renewed-token' };

test('a first password is changed while logging in, and the session of the new one is kept', async () => {
  const home = newHome();
  writeFileSync(join(home, 'new'), 'seven green bottles\n');
  const script = { [LOGIN]: { ...session, mustChangePassword: true }, [CHANGE]: renewed };
  const line = `${login} --new-password-file ${join(home, 'new')}`;
  const { exitCode, asked, requests } = await runFairlead(line, { home, stdin: 'made up\n', script });
  expect(exitCode).toBe(0);
  expect(asked[1]?.body).toEqual({ password: 'made up', newPassword: 'seven green bottles' });
  expect(requests[1]?.headers).toMatchObject({ authorization: 'Bearer secret-token' });
  const later = await runFairlead('status', { home, env: { FAIRLEAD_SERVER: undefined } });
  expect(later.requests[0]?.headers).toMatchObject({ authorization: 'Bearer renewed-token' });
});

test('a first password without a new one, and without a terminal, is a usage error that names the option', async () => {
  const script = { [LOGIN]: { ...session, mustChangePassword: true } };
  const { exitCode, stderr } = await runFairlead(login, { stdin: 'made up\n', script });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--new-password-file FILE');
});

test('people change their own password, and stay logged in', async () => {
  const { home } = await loggedIn();
  writeFileSync(join(home, 'new'), 'seven green bottles\n');
  const line = `password --password-file - --new-password-file ${join(home, 'new')}`;
  const { exitCode, asked } = await runFairlead(line, {
    home,
    stdin: 'correct horse\n',
    script: { [CHANGE]: renewed },
  });
  expect(exitCode).toBe(0);
  expect(asked[0]?.body).toEqual({ password: 'correct horse', newPassword: 'seven green bottles' });
  const later = await runFairlead('status', { home, env: { FAIRLEAD_SERVER: undefined } });
  expect(later.requests[0]?.headers).toMatchObject({ authorization: 'Bearer renewed-token' });
  expect((await runFairlead('password')).exitCode).toBe(5);
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

test.each([
  ['127.0.0.1:7300', 'must begin with http:// or https://'],
  ['http://127.0.0.1:73000', 'the port must be at most 65535'],
  ['"http://127.0.0.1:7300"', 'quotes belong to it'],
  ['http://fleet.test/fairlead', 'must not have a path (/fairlead)'],
  ['', 'is empty'],
])('an address %j is refused where it was written, and nothing is sent', async (address, reason) => {
  const byVariable = await runFairlead('status', { env: { FAIRLEAD_SERVER: address } });
  expect(byVariable).toMatchObject({ exitCode: 2, asked: [], stderr: expect.stringContaining('FAIRLEAD_SERVER ') });
  expect(byVariable.stderr).toContain(reason);
  const byOption = await runFairlead(['status', '--server', address]);
  expect(byOption).toMatchObject({ exitCode: 2, asked: [], stderr: expect.stringContaining('--server ') });
});

test('blanks and line ends around FAIRLEAD_SERVER and FAIRLEAD_TOKEN are not part of them', async () => {
  const env = { FAIRLEAD_SERVER: 'http://fleet.test\r', FAIRLEAD_TOKEN: ' from-ci\r\n' };
  const { requests } = await runFairlead('status', { env });
  expect(requests[0]?.url.origin).toBe('http://fleet.test');
  expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer from-ci' });
});

test.each(['', '"from-ci"', 'Bearer from-ci', 'from\nci'])(
  'FAIRLEAD_TOKEN=%j is a usage error and never an unreachable control plane',
  async (token) => {
    const { exitCode, stderr, asked } = await runFairlead('status', { env: { FAIRLEAD_TOKEN: token } });
    expect({ exitCode, asked }).toEqual({ exitCode: 2, asked: [] });
    expect(stderr).toContain('FAIRLEAD_TOKEN is');
  },
);

test.each([
  ['\u{FEFF}correct horse\r\n', 'correct horse'],
  [' correct horse \n', ' correct horse '],
])('the password of %j is its first line without the marks of an editor', async (stdin, password) => {
  const { asked } = await runFairlead(login, { stdin, script: { [LOGIN]: session } });
  expect(asked[0]?.body).toEqual({ name: 'admin', password });
});

test('a password file that is missing or empty is named, and nobody is asked', async () => {
  const missing = await runFairlead('login --password-file /no/such/file');
  expect(missing).toMatchObject({ exitCode: 2, asked: [], stderr: expect.stringContaining('there is no such file') });
  expect(missing.stderr).not.toContain('ENOENT');
  const empty = await runFairlead(login, { stdin: '\n' });
  expect(empty).toMatchObject({ exitCode: 2, asked: [], stderr: expect.stringContaining('its first line is empty') });
});
