import { AUDIT_START, type AuditEntry, nextAuditEntry } from '@fairlead/shared/fleet/audit';
import { RULE_PRESETS } from '@fairlead/shared/fleet/environment-rules';
import { expect, test } from 'vitest';
import { problem, runFairlead } from '../testing/run-fairlead.ts';
import { refusal } from '../testing/views.ts';

const LIMITS = { budgets: [{ label: 'site', maxUnavailable: '10%' }], quarantineAfter: 3 };
const body = async (line: string | readonly string[], script: Record<string, unknown>) =>
  (await runFairlead(line, { script })).asked.map((request) => [`${request.method} ${request.path}`, request.body]);

test('a group is created as it was said, and an existing one is not changed by accident', async () => {
  const route = 'POST /api/v1/groups';
  const line = ['group', 'create', 'bavaria', '--selector', 'site in (munich)'];
  const group = { name: 'bavaria', selector: 'site in (munich)' };
  expect(await body(line, { [route]: group })).toEqual([[route, group]]);
  expect(await body([...line, '--replace'], { [route]: group })).toEqual([[route, { ...group, replace: true }]]);
  expect((await runFairlead(line, { script: { [route]: problem('already_exists', 409) } })).exitCode).toBe(3);
});

test('a group is shown with everybody in it, over all pages', async () => {
  const pages = [
    { items: [{ robot: 'duck-1', environment: 'staging', presence: 'online', verdict: 'meant' }], next: 'duck-1' },
    { items: [{ robot: 'duck-2', environment: 'staging', presence: 'offline', verdict: 'meant' }] },
  ];
  const script = {
    'GET /api/v1/groups': { items: [{ name: 'bavaria', kind: 'saved', selector: 'site=munich', robots: 2 }] },
    'POST /api/v1/targets/preview': () => pages.shift(),
  };
  const { stdout, asked } = await runFairlead('group show bavaria --json', { script });
  expect(JSON.parse(stdout).members).toEqual(['duck-1', 'duck-2']);
  expect(asked[2]?.body).toMatchObject({ target: { group: 'bavaria' }, cursor: 'duck-1' });
});

test('a window is for exactly one scope, with days by their short or long names', async () => {
  const route = 'POST /api/v1/windows';
  const times = '--from 22:00 --to 06:00 --zone Europe/Berlin';
  const window = {
    name: 'night',
    scope: { group: 'ducks' },
    from: '22:00',
    to: '06:00',
    zone: 'Europe/Berlin',
    days: ['sat', 'sun'],
  };
  const reply = { ...window, open: true, changesAt: '2026-11-22T05:00:00.000Z' };
  const said = await runFairlead(`window create night --group ducks ${times} --days sat,Sunday`, {
    script: { [route]: reply },
  });
  expect(said.asked).toEqual([{ method: 'POST', path: '/api/v1/windows', body: window }]);
  expect(said.stdout).toContain('the group ducks');
  expect(said.stdout).toContain('open until 2026-11-22T05:00Z');
  for (const wrong of ['', '--fleet --group a', '--robot Duck!']) {
    const { exitCode, asked } = await runFairlead(`window create night ${wrong} ${times}`.split(/ +/));
    expect([wrong, exitCode, asked]).toEqual([wrong, 2, []]);
  }
});

test.each([
  ['budget set site --max 2', { label: 'site', maxUnavailable: 2 }],
  ['budget set site=munich --max 10%', { label: 'site', value: 'munich', maxUnavailable: '10%' }],
])('%s', async (line, wanted) => {
  const route = 'PUT /api/v1/limits/budgets';
  expect(await body(line, { [route]: LIMITS })).toEqual([[route, wanted]]);
});

test('a limit of the fleet is taken away with none, and one that is not named stays', async () => {
  const route = 'PATCH /api/v1/limits';
  expect(await body('budget fleet --max-concurrent none --quarantine-after 5', { [route]: LIMITS })).toEqual([
    [route, { maxConcurrent: null, quarantineAfter: 5 }],
  ]);
  for (const wrong of ['budget fleet', 'budget fleet --max-staging 0', 'budget set site --max half']) {
    expect((await runFairlead(wrong)).exitCode).toBe(2);
  }
});

test('a rule of an environment is changed alone', async () => {
  const route = 'PATCH /api/v1/environments/production';
  const reply = RULE_PRESETS.recommended;
  expect(await body('environment set production --approvals two --no-staged', { [route]: reply })).toEqual([
    [route, { approvals: 'two', staged: false }],
  ]);
  expect(await body('environment set production --on-failure 2.0.1 --approval-ttl 48', { [route]: reply })).toEqual([
    [route, { onFailure: { toVersion: '2.0.1' }, approvalTtlSec: 172_800 }],
  ]);
  expect((await runFairlead('environment set production')).exitCode).toBe(2);
  expect((await runFairlead('environment set production --on-failure explode')).exitCode).toBe(2);
});

test('an automatic deploy is added to those there are', async () => {
  const script = {
    'GET /api/v1/environments': RULE_PRESETS.recommended,
    'PATCH /api/v1/environments/development': RULE_PRESETS.recommended,
  };
  const asked = await body('environment auto-deploy development --channel dev --branch main', script);
  expect(asked[1]?.[1]).toEqual({
    autoDeploy: [
      { component: '*', channel: '*', selector: 'environment=development' },
      { component: '*', channel: 'dev', branch: 'main', selector: 'environment=development' },
    ],
  });
});

const log = (...details: string[]): AuditEntry[] => {
  const entries: AuditEntry[] = [];
  for (const detail of details) {
    const fact = { at: 0, by: 'ada', action: 'window.save', element: 'night', detail };
    entries.push(nextAuditEntry(entries.at(-1) ?? AUDIT_START, fact));
  }
  return entries;
};
const auditScript = (entries: readonly AuditEntry[], whole: object = { entries: 3, sha256: 'ab'.repeat(32) }) => {
  const pages = [entries.slice(0, 2), entries.slice(2), []];
  return {
    'GET /api/v1/audit': () => ({ items: pages.shift() ?? [] }),
    'GET /api/v1/audit/verify': whole,
  };
};

test('the audit log is verified on this machine, whatever the control plane says of itself', async () => {
  const sound = log('a', 'b', 'c');
  const good = await runFairlead('audit verify', { script: auditScript(sound) });
  expect([good.exitCode, good.stdout.includes(sound[2]?.sha256 ?? '?')]).toEqual([0, true]);
  const changed = sound.map((entry) => (entry.seq === 3 ? { ...entry, by: 'eve' } : entry));
  const bad = await runFairlead('audit verify', { script: auditScript(changed) });
  expect([bad.exitCode, bad.stderr]).toEqual([1, expect.stringContaining('Entry 3 was changed after it was written.')]);
});

test('a log that was rewritten as a whole, or cut off, is found by what was noted or counted before', async () => {
  const noted = log('a', 'b', 'c')[1]?.sha256;
  const rewritten = log('a', 'nothing happened', 'c');
  expect((await runFairlead(`audit verify --expect ${noted}`, { script: auditScript(rewritten) })).exitCode).toBe(1);
  const same = auditScript(log('a', 'b', 'c'));
  expect((await runFairlead(`audit verify --expect ${noted}`, { script: same })).exitCode).toBe(0);
  const cut = { entries: 3, sha256: 'ab'.repeat(32), broken: { seq: 4, detail: 'The log had 9 entries.' } };
  const said = await runFairlead('audit verify', { script: auditScript(log('a', 'b', 'c'), cut) });
  expect([said.exitCode, said.stderr]).toEqual([1, expect.stringContaining('The log had 9 entries.')]);
});

test('alerts are acknowledged one by one or all that are listed', async () => {
  const script = {
    'GET /api/v1/alerts': { items: [] },
    'GET /api/v1/notices': { items: log('fire', 'flood') },
    'POST /api/v1/notices/1/acknowledge': {},
    'POST /api/v1/notices/2/acknowledge': {},
  };
  const acknowledged = async (line: string) =>
    (await body(line, script)).map(([route]) => route).filter((route) => String(route).startsWith('POST'));
  expect(await acknowledged('alert ack 2')).toEqual(['POST /api/v1/notices/2/acknowledge']);
  expect(await acknowledged('alert ack --all')).toHaveLength(2);
  expect((await runFairlead('alert ack')).exitCode).toBe(2);
});

test('a preview tells how many and why not, with one example for each reason', async () => {
  const counts = {
    robots: 3,
    environments: { production: 3 },
    presence: { online: 2, late: 0, offline: 1, 'never-seen': 0 },
    verdicts: { meant: 0, changes: 1, 'runs-it': 1, refused: 1 },
    refusals: { wrong_hw: 1 },
    outsideWindow: 1,
  };
  const one = { environment: 'production', presence: 'online' };
  const items = [
    { ...one, robot: 'a', verdict: 'changes', window: { name: 'night', opensAt: '2026-11-22T01:00:00.000Z' } },
    { ...one, robot: 'b', verdict: 'runs-it', runs: '2.0.0' },
    { ...one, robot: 'c', verdict: 'refused', refusal: refusal('wrong_hw') },
  ];
  const script = { 'POST /api/v1/targets/preview': { counts, items } };
  const { stdout, asked } = await runFairlead('target preview --all --release walking@2.0.0 --show changes', {
    script,
  });
  expect(asked[0]?.body).toEqual({
    target: { all: true },
    component: 'walking',
    version: '2.0.0',
    show: 'changes',
    limit: 20,
  });
  expect(stdout).toContain("3 robots are meant: 1 would get walking@2.0.0, already there: 1, can't: 1");
  expect(stdout).toContain("can't: 1 wrong_hw");
  expect(stdout).toContain('not heard now: 1 offline');
  expect(stdout).toContain('night opens 2026-11-22T01:00Z');
  expect(stdout).toContain('wrong_hw (c): The output holds NaN.');
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
