import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';
import { deployment, refusal } from '../testing/views.ts';

const ORDER = 'POST /api/v1/deployments';
const WATCH = 'GET /api/v1/deployments/dep_0123456789';
const ordered = { deployments: [deployment('pending')], skipped: [] };
const watched = (...views: ReturnType<typeof deployment>[]) => {
  const shown = views.map((view) => ({ deployment: view, events: [] }));
  return () => (shown.length > 1 ? shown.shift() : shown[0]);
};
const deploy = 'deploy --robot duck-1 --release walking@2.0.0';

test('deploy sends exactly what was said', async () => {
  const line = [
    'deploy',
    '--selector',
    'group=a,env in (staging)',
    '--release',
    'walking@2.0.0',
    '--reason',
    'retrained',
  ];
  const { asked, exitCode } = await runFairlead([...line, '--allow-downgrade'], { script: { [ORDER]: ordered } });
  const target = { selector: 'group=a,env in (staging)' };
  const body = { target, component: 'walking', version: '2.0.0', reason: 'retrained', allowDowngrade: true };
  expect(asked).toEqual([{ method: 'POST', path: '/api/v1/deployments', body }]);
  expect(exitCode).toBe(0);
});

test('rollback without a version means the previous release', async () => {
  const { asked } = await runFairlead('rollback --all', { script: { 'POST /api/v1/rollbacks': ordered } });
  expect(asked[0]?.body).toEqual({ target: { all: true } });
});

test('--wait tells every change and ends well when the robot runs the release', async () => {
  const script = { [ORDER]: ordered, [WATCH]: watched(deployment('probation'), deployment('succeeded')) };
  const { stdout, exitCode } = await runFairlead(`${deploy} --wait`, { script });
  expect(stdout).toContain('duck-1: walking@2.0.0 probation\nduck-1: walking@2.0.0 succeeded\n');
  expect(exitCode).toBe(0);
});

test('--wait --json prints the last word only', async () => {
  const script = { [ORDER]: ordered, [WATCH]: watched(deployment('succeeded')) };
  const { stdout } = await runFairlead(`${deploy} --wait --json`, { script });
  expect(JSON.parse(stdout)).toEqual({ deployments: [deployment('succeeded')], skipped: [] });
});

test.each([
  ['rejected', 3],
  ['rolled-back', 1],
  ['timed-out', 1],
] as const)('--wait on a robot that ends %s exits with %i and says why', async (state, exitCode) => {
  const script = { [ORDER]: ordered, [WATCH]: watched(deployment(state, { refusal: refusal('nan') })) };
  const said = await runFairlead(`${deploy} --wait`, { script });
  expect(said.exitCode).toBe(exitCode);
  expect(said.stderr).toContain(`where: duck-1 ${state}\nnext:  Retrain the model.`);
});

test('robots that were left out are told, and no robot at all is a refusal', async () => {
  const none = { deployments: [], skipped: [{ robot: 'duck-1', refusal: refusal('incompatible') }] };
  const { stderr, exitCode } = await runFairlead(deploy, { script: { [ORDER]: none } });
  expect(stderr).toContain('duck-1 is left out');
  expect(exitCode).toBe(3);
});

test('two ways to say which robots are one too many', async () => {
  const { exitCode, asked, stderr } = await runFairlead(`${deploy} --all`);
  expect({ exitCode, asked }).toEqual({ exitCode: 2, asked: [] });
  expect(stderr).toContain('--robot, --all');
});
