import { Unreachable } from '@fairlead/shared/api/client';
import { expect, test } from 'vitest';
import { toCliError } from './cli-error.ts';
import { problem, runFairlead } from './testing/run-fairlead.ts';
import { refusal } from './testing/views.ts';

const failsWith = (code: string): { transport: () => Promise<never> } => ({
  transport: () => Promise.reject(new Error('fetch failed', { cause: Object.assign(new Error(code), { code }) })),
});

test('a control plane that does not run is exit code 4, with what to start', async () => {
  const { exitCode, stderr } = await runFairlead('robot list', failsWith('ECONNREFUSED'));
  expect(exitCode).toBe(4);
  expect(stderr).toContain('where: http://fleet.test');
  expect(stderr).toContain('fairlead server');
});

test('the system code is found inside an aggregate of tried addresses', () => {
  const tried = [Object.assign(new Error('::1'), { code: 'ECONNREFUSED' })];
  const error = toCliError(new Unreachable(new URL('http://x'), new AggregateError(tried)), 'http://x');
  expect(error.message).toContain('ECONNREFUSED');
});

test.each([
  ['unauthenticated', 401, 5],
  ['forbidden', 403, 3],
  ['refused', 422, 3],
  ['version_conflict', 409, 3],
  ['bad_request', 400, 2],
  ['not_found', 404, 1],
  ['internal', 500, 1],
  ['unavailable', 503, 4],
] as const)('a control plane that says %s ends in exit code %i -> %i', async (code, status, exitCode) => {
  const said = await runFairlead('robot list', { script: { 'GET /api/v1/robots': problem(code, status) } });
  expect(said.exitCode).toBe(exitCode);
  expect(said.stderr).toContain(`It is ${code}.`);
});

test('who is not logged in is told how', async () => {
  const script = { 'GET /api/v1/robots': problem('unauthenticated', 401) };
  const { stderr } = await runFairlead('robot list', { script });
  expect(stderr).toContain('next:  Log in: fairlead login --server http://fleet.test');
});

test('another program on that port is named as such', async () => {
  const html = { status: 200, headers: {}, body: new TextEncoder().encode('<html>router</html>') };
  const { exitCode, stderr } = await runFairlead('robot list', { transport: () => Promise.resolve(html) });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("is not Fairlead's API");
});

test.each([
  [502, 4],
  [504, 4],
  [413, 1],
])('a proxy that answers %i in place of the control plane is named, with exit code %i', async (status, exitCode) => {
  const page = { status, headers: {}, body: new TextEncoder().encode('<html>nginx</html>') };
  const said = await runFairlead('robot list', { transport: () => Promise.resolve(page) });
  expect(said.exitCode).toBe(exitCode);
  expect(said.stderr).toContain(`(HTTP ${status})`);
});

test('a file that cannot be used is reported in words, with its path', () => {
  const error = Object.assign(new Error("ENOENT: no such file or directory, open '/no'"), {
    code: 'ENOENT',
    path: '/no',
  });
  expect(toCliError(error, 'http://x')).toMatchObject({
    message: 'A file or folder cannot be used: there is no such file or folder.',
    options: { where: '/no' },
  });
});

test('https to a port that speaks plain HTTP is reported in words', async () => {
  const { exitCode, stderr } = await runFairlead('robot list', failsWith('ERR_SSL_WRONG_VERSION_NUMBER'));
  expect(exitCode).toBe(4);
  expect(stderr).toContain('Is the address http:// and not https://?');
});

test('a refusal keeps its element and its next move, also for programs', async () => {
  const said = problem('refused', 422, { refusal: refusal('nan') });
  const { stderr, stdout } = await runFairlead('robot list --json', { script: { 'GET /api/v1/robots': said } });
  expect(stdout).toBe('');
  expect(JSON.parse(stderr)).toMatchObject({
    error: { exitCode: 3, where: 'policy.onnx', hint: 'Retrain the model.', refusal: { category: 'nan' } },
  });
});

test('a defect is told as a defect, in one line', () => {
  const error = toCliError(new TypeError('x is undefined'), 'http://x');
  expect(error).toMatchObject({ message: 'x is undefined', options: { hint: expect.stringContaining('defect') } });
});

test.each(['nonsense', 'robot show', 'deploy --all --release x', 'config set speed=1'])(
  'the command line "fairlead %s" is a usage error',
  async (line) => {
    const script = { 'GET /api/v1/settings': SETTINGS };
    expect((await runFairlead(line, { script })).exitCode).toBe(2);
  },
);

test('--help is no error', async () => {
  const { exitCode, stdout } = await runFairlead('--help');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Exit codes:');
});

const SETTINGS = {
  checkInIntervalSec: 30,
  checkInJitterSec: 5,
  longPollSec: 25,
  lateAfterSec: 90,
  offlineAfterSec: 300,
};
