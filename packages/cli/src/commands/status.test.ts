import { DEPLOYMENT_STATES } from '@fairlead/shared/fleet/states';
import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';
import { refusal, rollout } from '../testing/views.ts';

const fleet = (attention: readonly unknown[] = []) => ({
  robots: 1,
  presence: { online: 1, late: 0, offline: 0, 'never-seen': 0 },
  lifecycle: { pending: 0, accepted: 1, rejected: 0, decommissioned: 0 },
  deployments: Object.fromEntries(DEPLOYMENT_STATES.map((state) => [state, 0])),
  running: [],
  attention,
  alerts: { open: 0, acknowledged: 0 },
});
const world = (attention: readonly unknown[], rollouts: readonly unknown[]) => {
  const left = [...rollouts];
  return {
    script: {
      'GET /api/v1/status': fleet(attention),
      'GET /api/v1/notices': { items: [] },
      'GET /api/v1/rollouts': () => ({ items: left.splice(0) }),
    },
  };
};

test('status says of every rollout that has not ended what blocks it and what to do', async () => {
  const blocked = { why: { ...refusal('budget_full'), detail: 'The budget is full.', hint: 'Wait for one.' } };
  const { stdout, asked, stderr } = await runFairlead('status', world([], [rollout({ blocked })]));
  expect(stderr).toBe('');
  expect(stdout).toContain('running, stage canary, 1 of 20 robots');
  expect(stdout).toContain('The budget is full. Wait for one.');
  const states = asked.flatMap(({ path }) => /state=([a-z-]+)/.exec(path)?.[1] ?? []);
  expect(states).toEqual(['awaiting-approval', 'scheduled', 'running', 'paused', 'halted']);
});

test('status says of a halted rollout why it was stopped', async () => {
  const stopped = {
    by: 'engine',
    at: '2026-06-01T10:00:00Z',
    why: { ...refusal('too_many_failures'), detail: 'Three failed.', hint: 'Look at one.' },
  };
  const { stdout } = await runFairlead('status', world([], [rollout({ state: 'halted', stopped })]));
  expect(stdout).toContain('Three failed. Look at one.');
});

test('a robot that needs a person is named once, and no line is wider than 80 columns', async () => {
  const sentence = `duck-1 refused walking@2.0.0: ${'the golden output is not met, '.repeat(6)}and went back.`;
  const attention = [{ robot: 'duck-1', blocked: true, sentence, unblock: 'Retrain the model, then publish again.' }];
  const { stdout } = await runFairlead('status', world(attention, []));
  expect(stdout.match(/duck-1/g)).toHaveLength(1);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('status counts the open alerts of robots, and says where to read them', async () => {
  const { script } = world([], []);
  const status = { ...fleet(), alerts: { open: 2, acknowledged: 1 } };
  const { stdout } = await runFairlead('status', { script: { ...script, 'GET /api/v1/status': status } });
  expect(stdout).toContain('2 open alerts of robots (1 acknowledged): fairlead alert list');
});

test('one is counted as one, and the status of an empty fleet names the command by which robots join', async () => {
  const { script } = world([], []);
  const status = { ...fleet(), alerts: { open: 1, acknowledged: 0 } };
  const one = await runFairlead('status', { script: { ...script, 'GET /api/v1/status': status } });
  expect(one.stdout).toContain('1 open alert of robots (0 acknowledged)');
  expect(one.stdout).toContain('1 robot: 1 online; 1 accepted');
  const none = await runFairlead('status', { script: { ...script, 'GET /api/v1/status': { ...fleet(), robots: 0 } } });
  expect(none.stdout).toContain('No robot has joined yet.');
});
