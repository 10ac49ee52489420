import type { Alarm } from '@fairlead/shared/fleet/alarm';
import { AUDIT_START, nextAuditEntry } from '@fairlead/shared/fleet/audit';
import type { RobotId } from '@fairlead/shared/ids';
import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';
import { refusal } from '../testing/views.ts';

const alarm = (more: Partial<Alarm> = {}): Alarm => ({
  id: 'al_0000000001',
  robot: 'duck-1' as RobotId,
  state: 'open',
  refusal: { ...refusal('active_damaged'), component: 'walking', detail: 'It is damaged.', hint: 'Check the disk.' },
  firstSeen: '2026-11-28T10:00:00.000Z',
  lastSeen: '2026-11-28T12:00:00.000Z',
  count: 3,
  ...more,
});
const notice = nextAuditEntry(AUDIT_START, {
  at: Date.parse('2026-11-28T11:00:00Z'),
  by: 'ann',
  action: 'rollout.emergency',
  element: 'ro_1',
  detail: 'She broke the glass.',
  loud: true,
});
const script = {
  'GET /api/v1/alerts': { items: [alarm(), alarm({ id: 'al_0000000002', lastSeen: '2026-11-28T09:00:00.000Z' })] },
  'GET /api/v1/notices': { items: [notice] },
  'POST /api/v1/alerts/al_0000000001/acknowledge': alarm({ state: 'acknowledged' }),
  'POST /api/v1/alerts/al_0000000002/acknowledge': alarm({ state: 'acknowledged' }),
  'POST /api/v1/alerts/al_0000000001/resolve': alarm({ state: 'resolved' }),
  'POST /api/v1/notices/1/acknowledge': {},
};
const posts = async (line: string | readonly string[]) =>
  (await runFairlead(line, { script })).asked
    .filter(({ method }) => method === 'POST')
    .map(({ path, body }) => [path, body]);

test('alarms of robots and notices are one list, the newest first, each with its id and the next step', async () => {
  const { stdout } = await runFairlead('alert list', { script });
  expect(stdout).toMatch(/al_0000000001 {2}duck-1 walking {2}active_damaged[^]*She broke the glass[^]*al_0000000002/);
  expect(stdout).toContain('3 times');
  expect(stdout).toContain('next: Check the disk.');
  const json = JSON.parse((await runFairlead('alert list --json', { script })).stdout) as { items: { id: string }[] };
  expect(json.items.map(({ id }) => id)).toEqual(['al_0000000001', '1', 'al_0000000002']);
});

test('a robot with more alarms than the list shows is named, with the command that shows them', async () => {
  const more = [{ robot: 'duck-1', count: 495 }];
  const page = { ...script, 'GET /api/v1/alerts': { items: [alarm()], more } };
  const { stdout } = await runFairlead('alert list', { script: page });
  expect(stdout).toContain('duck-1 has 495 more: fairlead alert list --robot duck-1 --limit 500');
});

test('alarms and notices are acknowledged by one command, one by one or all that are open', async () => {
  expect(await posts(['alert', 'ack', 'al_0000000001', '1', '--reason', 'on my way'])).toEqual([
    ['/api/v1/alerts/al_0000000001/acknowledge', { reason: 'on my way' }],
    ['/api/v1/notices/1/acknowledge', undefined],
  ]);
  expect(await posts('alert ack --all')).toHaveLength(3);
});

test('an alarm is resolved with a reason; a notice can not be', async () => {
  expect(await posts(['alert', 'resolve', 'al_0000000001', '--reason', 'new disk'])).toEqual([
    ['/api/v1/alerts/al_0000000001/resolve', { reason: 'new disk' }],
  ]);
  expect((await runFairlead('alert resolve al_0000000001', { script })).exitCode).toBe(2);
  const refused = await runFairlead(['alert', 'resolve', '1', '--reason', 'seen'], { script });
  expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('fairlead alert ack 1')]);
});

test('a refused alert keeps no other from being acknowledged, and the error names it', async () => {
  const { exitCode, stderr, asked } = await runFairlead('alert ack al_9999999999 al_0000000002', { script });
  expect(asked).toHaveLength(2);
  expect(exitCode).toBe(1);
  expect(stderr).toBe('error: 1 of 2 alerts acknowledged.\n       It is not_found.\nnext:  See fairlead alert list.\n');
});

test('explain names the alarms of the robot that are not resolved', async () => {
  const explained = { robot: 'duck-1', sentence: 'duck-1 is up to date.', blocked: false, alerts: [alarm()] };
  const { stdout } = await runFairlead('explain duck-1', {
    script: { 'GET /api/v1/robots/duck-1/explain': explained },
  });
  expect(stdout).toContain('It is damaged.');
});
