import { expect, test } from 'vitest';
import { problem, runFairlead } from '../testing/run-fairlead.ts';
import { ROLLOUT, refusal, rollout } from '../testing/views.ts';

const AT = '2026-11-21T09:00:00.000Z';
const SHOW = `GET /api/v1/rollouts/${ROLLOUT}`;
const why = (category: string, more: Record<string, unknown> = {}) => ({
  why: { ...refusal(category), detail: 'Stage canary soaks.', hint: 'Nothing to do.' },
  ...more,
});
const paths = (asked: readonly { method: string; path: string }[]) =>
  asked.map(({ method, path }) => `${method} ${path}`);

test('a rollout is one screen of 80 columns that says what blocks it, until when and what to do', async () => {
  const until = new Date(Date.now() + 3_630_000).toISOString();
  const event = { at: AT, by: 'control-plane', what: 'stage-begun', detail: 'canary: 4 robots of a very long story' };
  const script = {
    [SHOW]: rollout({
      blocked: why('soaking', { until }),
      approval: { needed: 2, expiresAt: AT, votes: [{ by: 'bob', verdict: 'approved', at: AT, reason: 'seen it' }] },
    }),
    [`${SHOW}/history`]: { items: [{ ...event, what: 'created' }, ...Array.from({ length: 5 }, () => event)] },
  };
  const { stdout, exitCode } = await runFairlead(`rollout show ${ROLLOUT}`, { script });
  expect(exitCode).toBe(0);
  for (const said of [
    'walking@2.0.0',
    'site=munich in production: 20 robots, 2 left out',
    'blocked: Stage canary soaks. (soaking)',
    'next: Nothing to do.',
    '(in 1 h)',
    'bob approved',
    'approved by 1 of 2',
  ]) {
    expect(stdout).toContain(said);
  }
  expect(stdout).not.toContain('created');
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout.split('\n').length).toBeLessThanOrEqual(26);
});

test('the numbers of a stage tell who works from who waits, and a single failure is seen in its bar', async () => {
  const states = { succeeded: 900, 'rolled-back': 1, probation: 40, staged: 30, pending: 9 };
  const counts = { states, unplaced: 20, ready: 30, granted: 40, silent: 0 };
  const [first, last] = rollout().stages;
  const script = {
    [SHOW]: rollout({ stages: [{ ...first, size: 1000, counts }, last] }),
    [`${SHOW}/history`]: { items: [] },
  };
  const { stdout } = await runFairlead(`rollout show ${ROLLOUT}`, { script });
  expect(stdout).toMatch(/^canary +20% +running +1000 +█+x▓░ +900 +1 +40 +59$/m);
});

test('explain latest explains the newest rollout, and no robot of that name', async () => {
  const none = await runFairlead('explain latest', { script: { 'GET /api/v1/rollouts': { items: [] } } });
  expect(none.asked.map(({ path }) => path)).toEqual(['/api/v1/rollouts?limit=1']);
  expect(none.stderr).toContain('There is no rollout yet.');
});

test('latest is the newest rollout, and where there is none that is said', async () => {
  const script = { 'GET /api/v1/rollouts': { items: [rollout()] }, [SHOW]: rollout() };
  const { asked } = await runFairlead('rollout watch latest', {
    script: { ...script, [SHOW]: rollout({ state: 'completed' }) },
  });
  expect(paths(asked)).toEqual(['GET /api/v1/rollouts?limit=1', SHOW]);
  const none = await runFairlead('rollout show latest', { script: { 'GET /api/v1/rollouts': { items: [] } } });
  expect([none.exitCode, none.stderr]).toEqual([3, expect.stringContaining('There is no rollout yet.')]);
});

test('watching tells each change once and ends well with the rollout', async () => {
  const [first, last] = rollout().stages;
  const counts = { states: { succeeded: 4 }, unplaced: 0, ready: 0, granted: 0, silent: 0 };
  const passed = { ...first, state: 'passed', counts };
  const views = [rollout(), rollout(), rollout({ state: 'completed', stages: [passed, { ...last, state: 'passed' }] })];
  const { stdout, exitCode } = await runFairlead(`rollout watch ${ROLLOUT}`, {
    script: { [SHOW]: () => views.shift() },
  });
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').filter(Boolean)).toEqual([
    'walking@2.0.0 for 20 robots: running',
    'canary running: 1 succeeded, 0 failed, 1 at work, 2 waiting',
    'walking@2.0.0 for 20 robots: completed',
    'canary passed: 4 succeeded, 0 failed, 0 at work, 0 waiting',
    'all passed: 0 succeeded, 0 failed, 0 at work, 0 waiting',
    `${ROLLOUT}: walking@2.0.0 is completed`,
    `2 left out, and why: fairlead rollout robots ${ROLLOUT} --excluded`,
  ]);
});

test.each([
  [{ state: 'halted', followedBy: 'ro_9876543210' }, 1, 'next:  fairlead rollout watch ro_9876543210'],
  [{ state: 'paused', blocked: why('gate_failed') }, 1, 'error: Stage canary soaks.'],
  [{ state: 'aborted' }, 1, 'error: This rollout is aborted.'],
  [{ state: 'denied' }, 3, 'error: This rollout is denied.'],
  [{ state: 'expired' }, 3, 'error: This rollout is expired.'],
  [{ state: 'awaiting-approval', blocked: why('needs_approval') }, 1, 'next:  Nothing to do.'],
  [{ state: 'running', blocked: why('manual_gate') }, 1, 'error: Stage canary soaks.'],
  [{ state: 'running', blocked: why('awaits_switch') }, 1, 'error: Stage canary soaks.'],
] as const)('a rollout that stands like %j ends the watch with exit code %i', async (more, exitCode, said) => {
  const watched = await runFairlead(`rollout watch ${ROLLOUT}`, { script: { [SHOW]: rollout(more) } });
  expect([watched.exitCode, watched.stderr]).toEqual([exitCode, expect.stringContaining(said)]);
});

test('watch --json prints one document: how the rollout stood at the end', async () => {
  const views = [rollout(), rollout({ state: 'aborted' })];
  const said = await runFairlead(`rollout watch ${ROLLOUT} --json`, { script: { [SHOW]: () => views.shift() } });
  expect([JSON.parse(said.stdout).state, said.exitCode]).toEqual(['aborted', 1]);
});

test('robots are listed over all pages, with why in the last column', async () => {
  const pages = [
    { items: [{ robot: 'duck-1', stage: 0, state: 'rolled-back', refusal: refusal('nan') }], next: 'duck-1' },
    { items: [{ robot: 'duck-2', excluded: refusal('wrong_hw') }] },
  ];
  const script = { [SHOW]: rollout(), [`${SHOW}/robots`]: () => pages.shift() };
  const { stdout, asked } = await runFairlead(`rollout robots ${ROLLOUT} --stage canary`, { script });
  expect(stdout).toMatch(/^duck-1 +canary +rolled-back +nan: The output holds NaN\.$/m);
  expect(stdout).toMatch(/^duck-2 +- +left out +wrong_hw: /m);
  expect(asked[2]?.path).toBe(`/api/v1/rollouts/${ROLLOUT}/robots?stage=0&limit=500&cursor=duck-1`);
});

test('a stage is meant by its name or its number; another one is a mistake with the stages there are', async () => {
  const script = { [SHOW]: rollout(), [`${SHOW}/robots`]: { items: [] } };
  const { asked } = await runFairlead(`rollout robots ${ROLLOUT} --stage 2 --excluded`, { script });
  expect(asked[1]?.path).toContain('robots?stage=1&excluded=only');
  const { exitCode, stderr } = await runFairlead(`rollout robots ${ROLLOUT} --stage 3`, { script });
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('It has 1 (canary), 2 (all).')]);
});

test.each(['approve', 'deny', 'pause', 'resume', 'promote', 'abort', 'finalise', 'retry'])(
  '%s is said with its reason, and nobody is asked',
  async (verb) => {
    const route = `POST /api/v1/rollouts/${ROLLOUT}/${verb}`;
    const { asked, exitCode } = await runFairlead(['rollout', verb, ROLLOUT, '--reason', 'as agreed'], {
      script: { [SHOW]: rollout(verb === 'resume' ? { state: 'paused' } : {}), [route]: rollout() },
    });
    expect([paths(asked), asked[1]?.body, exitCode]).toEqual([[SHOW, route], { reason: 'as agreed' }, 0]);
  },
);

/** Blue-green, and all of its robots are ready to switch. */
function stagedEverywhere(more: Record<string, unknown> = {}) {
  const { spec, stages } = rollout();
  const counts = { states: { waiting: 4 }, unplaced: 0, ready: 4, granted: 0, silent: 0 };
  return rollout({
    spec: { ...spec, strategy: 'blue-green' },
    stages: stages.map((stage) => ({ ...stage, counts })),
    ...more,
  });
}

test.each([
  ['resume', "It is running and can't be resumed.", { state: 'running' }],
  ['resume', 'ro_9876543210 undoes this rollout.', { state: 'halted', followedBy: 'ro_9876543210' }],
  ['promote', "It is scheduled and can't be promoted.", { state: 'scheduled' }],
  ['promote', 'All its stages have passed already.', { stage: 2 }],
  ['abort --revert', 'It is completed already.', { state: 'completed' }],
  ['switch', 'This is a canary rollout; only blue-green ones switch together.', {}],
  ['switch', '0 robots are ready, 3 are not.', stagedEverywhere({ stages: rollout().stages })],
  ['switch-back', 'Nothing has switched yet.', stagedEverywhere()],
  ['switch-back', 'It is finalised', stagedEverywhere({ switchingSince: AT, finalisedAt: AT })],
])('%s is refused before anybody is asked: %s', async (words, says, more) => {
  const [verb = '', ...options] = words.split(' ');
  const line = ['rollout', verb, ROLLOUT, ...options];
  const { exitCode, stderr, asked } = await runFairlead(line, { script: { [SHOW]: rollout(more) } });
  expect([exitCode, paths(asked)]).toEqual([3, [SHOW]]);
  expect(stderr).toContain(`error: ${says}`);
  expect(stderr).toContain(`where: ${ROLLOUT}`);
});

test.each(['abort --revert', 'switch', 'switch-back'])(
  '%s moves robots: it needs a yes, or --yes where nobody can be asked',
  async (words) => {
    const [verb = '', ...options] = words.split(' ');
    const route = `POST /api/v1/rollouts/${ROLLOUT}/${verb}`;
    const script = {
      [SHOW]: stagedEverywhere(verb === 'switch-back' ? { switchingSince: AT } : {}),
      [route]: rollout(),
    };
    const line = ['rollout', verb, ROLLOUT, ...options];
    const shy = await runFairlead(line, { script });
    expect([shy.exitCode, paths(shy.asked)]).toEqual([2, [SHOW]]);
    const sure = await runFairlead([...line, '--yes'], { script });
    expect([sure.exitCode, paths(sure.asked)]).toEqual([0, [SHOW, route]]);
    expect(sure.asked[1]?.body).toEqual(verb === 'abort' ? { revert: true } : {});
  },
);

test('a command shows what it acts on, is sent with the revision that it showed, and says what has changed where it is stale', async () => {
  const route = `POST /api/v1/rollouts/${ROLLOUT}/pause`;
  const stale = problem('precondition_failed', 412, {
    detail: `${ROLLOUT} has changed since you looked: its state was running and is halted.`,
    hint: 'Nothing was done. Look again.',
  });
  const script = { [SHOW]: rollout({ revision: 'running.0.running.0.0.0' }), [route]: stale };
  const { requests, stdout, stderr, exitCode } = await runFairlead(`rollout pause ${ROLLOUT}`, { script });
  expect(stdout).toContain(
    `${ROLLOUT}: walking@2.0.0 is running, stage canary: 1 succeeded, 0 failed, 1 at work, 2 waiting`,
  );
  expect(requests[1]?.headers['if-match']).toBe('"running.0.running.0.0.0"');
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('its state was running and is halted')]);
});

test.each(['resume', 'promote'])('%s says how many failures it accepts, of which robots, and asks', async (verb) => {
  const route = `POST /api/v1/rollouts/${ROLLOUT}/${verb}`;
  const [first, last] = rollout().stages;
  const counts = {
    states: { succeeded: 1, 'rolled-back': 2, failed: 2 },
    unplaced: 0,
    ready: 0,
    granted: 0,
    silent: 0,
  };
  const seen = (acceptedFailures: number) =>
    rollout({ state: 'paused', stages: [{ ...first, acceptedFailures, counts }, last] });
  const robots = {
    items: [
      { robot: 'duck-1', stage: 0, refusal: refusal('nan') },
      { robot: 'duck-2', stage: 0 },
    ],
  };
  const script = { [SHOW]: seen(1), [`${SHOW}/robots`]: robots, [route]: rollout() };
  const shy = await runFairlead(`rollout ${verb} ${ROLLOUT}`, { script });
  expect([shy.exitCode, shy.stderr]).toEqual([
    2,
    expect.stringContaining('accept 3 failures in stage canary (duck-1: nan, duck-2'),
  ]);
  expect(paths(shy.asked)).not.toContain(route);
  const sure = await runFairlead(`rollout ${verb} ${ROLLOUT} --yes`, { script });
  expect([sure.exitCode, paths(sure.asked)]).toEqual([0, [SHOW, route]]);
  const accepted = await runFairlead(`rollout ${verb} ${ROLLOUT}`, { script: { ...script, [SHOW]: seen(4) } });
  expect([accepted.exitCode, paths(accepted.asked)]).toEqual([0, [SHOW, route]]);
});

test('resume asks about the failures of a stage that had passed before its robots failed', async () => {
  const [first, last] = rollout().stages;
  const counts = { states: { degraded: 1 }, unplaced: 0, ready: 0, granted: 0, silent: 0 };
  const later = rollout({ state: 'paused', stage: 1, stages: [{ ...first, counts }, last] });
  const robots = { items: [{ robot: 'duck-1', stage: 0, refusal: refusal('restarts') }] };
  const { stderr } = await runFairlead(`rollout resume ${ROLLOUT}`, {
    script: { [SHOW]: later, [`${SHOW}/robots`]: robots },
  });
  expect(stderr).toContain('accept 1 failure in stage canary (duck-1: restarts)');
});

test('explain takes a rollout as well as a robot', async () => {
  const script = { [SHOW]: rollout({ blocked: why('soaking', { until: AT }) }) };
  const { stdout } = await runFairlead(`explain ${ROLLOUT} --json`, { script });
  expect(JSON.parse(stdout)).toEqual({
    rollout: ROLLOUT,
    state: 'running',
    sentence: 'Stage canary soaks.',
    blocked: true,
    unblock: 'Nothing to do.',
    until: AT,
  });
  expect((await runFairlead('explain Duck!')).exitCode).toBe(2);
});

test('list counts what has succeeded and failed over all stages', async () => {
  const script = { 'GET /api/v1/rollouts': { items: [rollout()] } };
  const { stdout, asked } = await runFairlead('rollout list --state running', { script });
  expect(stdout).toMatch(/ro_0123456789 +walking@2\.0\.0 +site=munich +running +1\/20 +0 +\d+ \w+ ago$/m);
  expect(asked[0]?.path).toBe('/api/v1/rollouts?limit=20&state=running');
});

test('before it starts nobody is counted, for who takes part is fixed then', async () => {
  const { startedAt: _started, ...waiting } = rollout({ state: 'scheduled', members: 0, excluded: 0 });
  const script = { [SHOW]: waiting, [`${SHOW}/history`]: { items: [] } };
  const { stdout } = await runFairlead(`rollout show ${ROLLOUT}`, { script });
  expect(stdout).toContain('site=munich in production: robots as of its start');
});

test('who ended a rollout, and why, is the answer of explain', async () => {
  const stopped = {
    by: 'paul',
    at: AT,
    why: { ...refusal('aborted'), detail: 'paul aborted the rollout: wrong day.' },
  };
  const script = { [SHOW]: rollout({ state: 'aborted', stopped }), [`${SHOW}/history`]: { items: [] } };
  const { stdout } = await runFairlead(`explain ${ROLLOUT}`, { script });
  expect(stdout).toBe('paul aborted the rollout: wrong day.\n');
  expect((await runFairlead(`rollout show ${ROLLOUT}`, { script })).stdout).toContain('aborted by paul, ');
});

test('a long story is told within the width of a terminal, and in one line each to a pipe', async () => {
  const detail = 'an order of 1000 words '.repeat(8).trim();
  const script = { [`${SHOW}/history`]: { items: [{ at: AT, by: 'control-plane', what: 'stage-failed', detail }] } };
  const narrow = await runFairlead(`rollout history ${ROLLOUT}`, { script, terminal: true, env: { NO_COLOR: '1' } });
  const lines = narrow.stdout.split('\n');
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect((await runFairlead(`rollout history ${ROLLOUT}`, { script })).stdout).toContain(detail);
});

test('undoing a rollout that is being undone already reports that no second rollback was made', async () => {
  const undone = rollout({ state: 'aborted', followedBy: 'ro_9876543210', joined: true });
  const script = { [`POST /api/v1/rollouts/${ROLLOUT}/abort`]: undone, [SHOW]: rollout() };
  const aborted = await runFairlead(`rollout abort ${ROLLOUT} --revert --yes`, { script });
  expect(aborted.stdout).toContain(
    'It is being undone already, by ro_9876543210: fairlead rollout watch ro_9876543210',
  );
  const rollback = rollout({ joined: true });
  const again = await runFairlead('rollback --all --component walking', {
    script: { 'POST /api/v1/rollouts/rollback': rollback },
  });
  expect(again.stdout).toContain('The same robots are being rolled back already: no second rollback was made.');
});

test('a rollout that reached no robot says why where it is shown, and an undoing promises nothing', async () => {
  const stopped = {
    by: 'control-plane',
    at: AT,
    why: { ...refusal('no_robots'), detail: 'It reached no robot: two.' },
  };
  const script = { [SHOW]: rollout({ state: 'ended-without-robots', stopped }), [`${SHOW}/history`]: { items: [] } };
  expect((await runFairlead(`rollout show ${ROLLOUT}`, { script })).stdout).toContain('It reached no robot: two.');
  const undone = rollout({ state: 'aborted', followedBy: 'ro_9876543210' });
  const abort = { [`POST /api/v1/rollouts/${ROLLOUT}/abort`]: undone, [SHOW]: rollout() };
  const { stdout } = await runFairlead(`rollout abort ${ROLLOUT} --revert --yes`, { script: abort });
  // Perhaps no robot has the release: that is known only when the undoing has begun.
  expect(stdout).toContain('It is undone by ro_9876543210: fairlead rollout watch ro_9876543210');
});
