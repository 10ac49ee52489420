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

test('rollback of one robot is direct, and without a version means its previous release', async () => {
  const { asked } = await runFairlead('rollback --robot duck-1', { script: { 'POST /api/v1/rollbacks': ordered } });
  expect(asked[0]?.body).toEqual({ target: { robot: 'duck-1' } });
});

test('rollback of several robots goes in stages, --now at once', async () => {
  const script = { 'POST /api/v1/rollouts/rollback': rolloutView() };
  const line = 'rollback --all --component walking';
  expect((await runFairlead(line, { script })).asked[0]?.body).toEqual({ target: { all: true }, component: 'walking' });
  expect((await runFairlead(`${line} --now --to 1.0.0`, { script })).asked[0]?.body).toEqual({
    target: { all: true },
    component: 'walking',
    toVersion: '1.0.0',
    shape: { strategy: 'all-at-once' },
  });
});

test('a rollback to a release that a robot was rolled back from needs --yes where nobody can be asked', async () => {
  const left = { deployments: [], skipped: [{ robot: 'duck-1', refusal: refusal('abandoned') }] };
  const line = 'rollback --robot duck-1 --to 2.0.0';
  const direct = 'POST /api/v1/rollbacks';
  const refused = await runFairlead(line, { script: { [direct]: left } });
  expect([refused.exitCode, refused.asked.length]).toEqual([2, 1]);
  const { asked, exitCode } = await runFairlead(`${line} --yes`, { script: { [direct]: ordered } });
  expect(exitCode).toBe(0);
  expect(asked[0]?.body).toEqual({ target: { robot: 'duck-1' }, toVersion: '2.0.0', confirmAbandoned: true });
});

test('a rollback that affects no robot says so and ends with exit code 3', async () => {
  const nothing = { deployments: [deployment('skipped')], skipped: [] };
  const { exitCode, stderr } = await runFairlead('rollback --robot duck-1', {
    script: { 'POST /api/v1/rollbacks': nothing },
  });
  expect(exitCode).toBe(3);
  expect(stderr).toContain('The rollback affects no robot: duck-1 runs walking@2.0.0 already.');
});

const pendingStage = (upTo: object, soakSec: number) => ({
  name: 'x',
  stage: { upTo, soakSec },
  state: 'pending',
  size: 0,
  counts: { states: {}, unplaced: 0, ready: 0, granted: 0, silent: 0 },
});
function rolloutView() {
  const stages = [
    pendingStage({ percent: 10 }, 300),
    pendingStage({ percent: 50 }, 600),
    pendingStage({ percent: 100 }, 0),
  ];
  const spec = {
    kind: 'deploy',
    component: 'walking',
    version: '2.0.0',
    environment: 'production',
    target: { all: true },
    strategy: 'canary',
    stages: stages.map(({ stage }) => stage),
    newRobots: 'leave-out',
    onFailure: 'pause',
    priority: 50,
  };
  const [createdAt, createdBy] = ['2026-11-21T09:00:00.000Z', 'admin'];
  const counts = { members: 0, excluded: 0, stage: 0, generation: 1 };
  return { rollout: 'ro_0123456789', state: 'scheduled', spec, createdAt, createdBy, ...counts, stages };
}
const ROLLOUT = 'POST /api/v1/rollouts';
const rolloutOf = async (options: readonly string[]) => {
  const line = ['deploy', '--all', '--release', 'walking@2.0.0', ...options];
  const ran = await runFairlead(line, { script: { [ROLLOUT]: rolloutView() } });
  return { ...ran, body: ran.asked[0]?.body };
};

test.each([
  [['--staged'], { shape: { strategy: 'staged' } }],
  [['--on-failure', 'revert'], { onFailure: 'revert' }],
  [
    ['--stage', '3:10m', '--stage', 'zone=test,manual', '--max-failures', '5%'],
    {
      shape: {
        strategy: 'canary',
        stages: [
          { upTo: { count: 3 }, soakSec: 600, gate: { maxFailures: '5%' } },
          { upTo: { selector: 'zone=test' }, gate: { maxFailures: '5%', manual: true } },
          { name: 'all', upTo: { percent: 100 }, gate: { maxFailures: '5%' } },
        ],
      },
    },
  ],
  [
    ['--batch', '10%', '--delay', '1m', '--max-unavailable', '2'],
    {
      shape: {
        strategy: 'rolling',
        stages: [{ name: 'all', upTo: { percent: 100 }, batch: { size: '10%', delaySec: 60 }, maxUnavailable: 2 }],
      },
    },
  ],
  [
    ['--staged', '--emergency', '--force', '--reason', 'arms swing wildly', '--on-failure', '1.0.0'],
    {
      shape: { strategy: 'staged' },
      reason: 'arms swing wildly',
      onFailure: { toVersion: '1.0.0' },
      emergency: { reason: 'arms swing wildly', skips: ['approval', 'window', 'limits'] },
    },
  ],
  [
    ['--staged', '--at', '2036-11-24T02:00:00+01:00'],
    { shape: { strategy: 'staged' }, startAt: '2036-11-24T01:00:00.000Z' },
  ],
])('deploy %j makes that rollout', async (options, more) => {
  const { body, exitCode } = await rolloutOf(options);
  expect(body).toEqual({ target: { all: true }, component: 'walking', version: '2.0.0', ...more });
  expect(exitCode).toBe(0);
});

test('deploy says what the rollout will do, and where to look', async () => {
  const { stdout } = await rolloutOf(['--staged']);
  expect(stdout).toContain('stages: 10%:5m → 50%:10m → 100%\nnext: fairlead rollout watch ro_0123456789\n');
});

test.each([
  [['--emergency', '--reason', 'arms swing wildly'], '--force'],
  [['--staged', '--at', 'noon'], '--at: a time is'],
  [['--staged', '--at', '22:00', '--zone', 'Europe/Berln'], 'Europe/Berlin'],
  [['--stage', 'soon:soon'], '10%:300s'],
])('deploy %j is a usage error that says what is meant', async (options, says) => {
  const { asked, exitCode, stderr } = await rolloutOf(options);
  expect({ asked, exitCode }).toEqual({ asked: [], exitCode: 2 });
  expect(stderr).toContain(says);
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

const WAITS = {
  robot: 'duck-1',
  sentence: 'duck-1 waits to switch: a program is busy: carrying a tray.',
  unblock: 'Wait until kitchen releases its lease.',
  blocked: true,
};
const EXPLAIN = 'GET /api/v1/robots/duck-1/explain';

test('--wait with a time ends after it with exit code 6, and says why the robot still waits and what unblocks it', async () => {
  const script = { [ORDER]: ordered, [WATCH]: watched(deployment('waiting')), [EXPLAIN]: WAITS };
  const said = await runFairlead(`${deploy} --wait 1s`, { script });
  expect(said.exitCode).toBe(6);
  expect(said.stderr).toContain('error: 1 of 1 robot still waiting after 1s.');
  expect(said.stderr).toContain(`where: ${WAITS.sentence}\nnext:  ${WAITS.unblock}`);
  const { stdout } = await runFairlead(`${deploy} --wait 1s --json`, { script });
  expect(JSON.parse(stdout)).toEqual({ deployments: [deployment('waiting')], skipped: [], waiting: [WAITS] });
});

test('--wait with a time ends well as soon as the robot runs the release', async () => {
  const script = { [ORDER]: ordered, [WATCH]: watched(deployment('succeeded')) };
  expect((await runFairlead(`${deploy} --wait 10m`, { script })).exitCode).toBe(0);
});

test('--wait with a time on a rollout ends after it with exit code 6 and with what blocks the rollout', async () => {
  const why = {
    ...refusal('outside_window'),
    detail: 'The window of production opens at 22:00.',
    hint: 'Wait for it.',
  };
  const view = { ...rolloutView(), blocked: { why } };
  const script = { [ROLLOUT]: view, [`GET ${ROLLOUT.slice(5)}/${view.rollout}`]: view };
  const said = await runFairlead('deploy --all --release walking@2.0.0 --staged --wait 1s', { script });
  expect(said.exitCode).toBe(6);
  expect(said.stderr).toContain('still scheduled after 1s');
  expect(said.stderr).toContain('where: The window of production opens at 22:00.\nnext:  Wait for it.');
});

test('--wait with what is no time is a usage error', async () => {
  const { exitCode, asked, stderr } = await runFairlead(`${deploy} --wait soon`);
  expect({ exitCode, asked }).toEqual({ exitCode: 2, asked: [] });
  expect(stderr).toContain('300s, 10m');
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
