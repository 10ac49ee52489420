import { ProblemError } from '@fairlead/shared/api/client';
import { HOUR } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testFleet } from '../testing/test-fleet.ts';

const window = (name: string, more = {}) => ({
  body: { name, scope: { fleet: true as const }, from: '02:00', to: '04:00', zone: 'Europe/Berlin', ...more },
});
async function admin() {
  const controlPlane = await testControlPlane();
  return { ...(await controlPlane.as('admin')), controlPlane };
}

test('windows are listed with whether they are open and when that changes; for one robot, those that count', async () => {
  const { operator, robot } = await testFleet();
  await robot('duck-1', { group: 'ducks' });
  await operator.createWindow(window('fleet'));
  await operator.createWindow(window('ducks', { scope: { group: 'ducks' }, from: '09:00', to: '10:00', zone: 'UTC' }));
  expect((await operator.listWindows()).items.map(({ name, open, changesAt }) => [name, open, changesAt])).toEqual([
    ['ducks', true, '2026-11-21T10:00:00.000Z'],
    ['fleet', false, '2026-11-22T01:00:00.000Z'],
  ]);
  const counting = await operator.listWindows({ query: { robot: 'duck-1' as never } });
  expect(counting.items.map(({ name }) => name)).toEqual(['ducks']);
});

test('a zone that does not exist is refused with the one that was meant, and so are a robot and a selector', async () => {
  const { operator } = await admin();
  const told = (more: object) =>
    operator.createWindow(window('x', more)).then(
      () => 'accepted',
      (error) =>
        error instanceof ProblemError ? `${error.problem.detail} ${error.problem.hint}` : Promise.reject(error),
    );
  expect(await told({ zone: 'Europe/Berln' })).toBe('Europe/Berln is no IANA time zone. Did you mean Europe/Berlin?');
  expect(await told({ zone: '+02:00' })).toContain('is no IANA time zone');
  expect(await told({ scope: { robot: 'ghost' } })).toContain('There is no robot ghost.');
  expect(await told({ scope: { selector: 'a in b' } })).toContain('at character 6: "(" is expected');
  expect(await told({ from: '25:00' })).toContain('/from');
  expect((await operator.listAudit()).items.map(({ action }) => action)).toEqual(['session.login']);
});

test('a window is changed only by who says so, and deleted once', async () => {
  const { operator } = await admin();
  await operator.createWindow(window('night'));
  expect(await refusal(operator.createWindow(window('night', { to: '05:00' })))).toBe('already_exists');
  await operator.createWindow(window('night', { to: '05:00', replace: true }));
  expect((await operator.listWindows()).items).toMatchObject([{ name: 'night', to: '05:00' }]);
  await operator.deleteWindow({ params: { name: 'night' } });
  expect(await refusal(operator.deleteWindow({ params: { name: 'night' } }))).toBe('not_found');
});

test('limits are set one by one and taken away with null; budgets by label and value', async () => {
  const { operator } = await admin();
  expect(await operator.showLimits()).toEqual({ budgets: [], quarantineAfter: 3 });
  await operator.changeLimits({ body: { maxConcurrent: 50, maxStaging: 200 } });
  await operator.changeLimits({ body: { maxStaging: null, quarantineAfter: 5 } });
  await operator.saveBudget({ body: { label: 'site', maxUnavailable: '10%' } });
  await operator.saveBudget({ body: { label: 'site', value: 'munich', maxUnavailable: 0 } });
  await operator.saveBudget({ body: { label: 'site', maxUnavailable: 4 } });
  expect(await operator.showLimits()).toEqual({
    maxConcurrent: 50,
    quarantineAfter: 5,
    budgets: [
      { label: 'site', maxUnavailable: 4 },
      { label: 'site', value: 'munich', maxUnavailable: 0 },
    ],
  });
  expect((await operator.deleteBudget({ query: { label: 'site' } })).budgets).toHaveLength(1);
  expect(await refusal(operator.deleteBudget({ query: { label: 'site' } }))).toBe('not_found');
  expect(await refusal(operator.changeLimits({ body: {} }))).toBe('bad_request');
});

test('an environment keeps the rules that a change does not name', async () => {
  const { operator } = await admin();
  await operator.presetEnvironments({ body: { preset: 'recommended' } });
  const { production, staging } = await operator.changeEnvironment({
    params: { environment: 'production' },
    body: { onFailure: 'revert' },
  });
  expect(production).toMatchObject({ approvals: 'two', staged: true, onFailure: 'revert' });
  expect(staging).toMatchObject({ approvals: 'one', onFailure: 'pause' });
  const auto = [{ component: '*', channel: 'dev', selector: 'site=(' }];
  const wrong = operator.changeEnvironment({ params: { environment: 'development' }, body: { autoDeploy: auto } });
  expect(await refusal(wrong)).toBe('bad_request');
});

test('where people must agree, a direct order is refused for one robot as for all; where it goes in stages, for several', async () => {
  const { operator, robot, publisher } = await testFleet();
  await publisher.publish({ version: '1.0.0' });
  await robot('duck-1');
  await robot('duck-2');
  const deploy = (target: { robot: never } | { all: true }) =>
    refusal(operator.deploy({ body: { target, component: 'duck-policy' as never, version: '1.0.0' as never } }));
  const change = (body: object) => operator.changeEnvironment({ params: { environment: 'development' }, body });
  await change({ approvals: 'one' });
  expect([await deploy({ robot: 'duck-1' as never }), await deploy({ all: true })]).toEqual(['refused', 'refused']);
  await change({ approvals: 'none', staged: true });
  expect([await deploy({ robot: 'duck-1' as never }), await deploy({ all: true })]).toEqual(['accepted', 'refused']);
  await change({ staged: false });
  expect(await deploy({ all: true })).toBe('accepted');
});

test('every change of a rule is in the audit log with who and what, and a refused one is not', async () => {
  const { operator } = await admin();
  await operator.createGroup({ body: { name: 'bavaria', selector: 'site=munich' } });
  await refusal(operator.createGroup({ body: { name: 'bavaria', selector: 'site=oslo' } }));
  await operator.createWindow(window('night', { days: ['sat', 'sun'] }));
  await operator.changeLimits({ body: { maxConcurrent: 50 } });
  await operator.saveBudget({ body: { label: 'site', maxUnavailable: '10%' } });
  const { items } = await operator.listAudit({ query: { order: 'oldest-first' } });
  expect(items.map(({ seq, by, action, detail }) => `${seq} ${by} ${action}: ${detail}`)).toEqual([
    '1 the-admin session.login: the-admin logged in as admin from 127.0.0.1.',
    '2 the-admin group.save: The group bavaria is whoever site=munich chooses.',
    '3 the-admin window.save: The window night lets the whole fleet switch from 02:00 to 04:00 on sat, sun (Europe/Berlin).',
    '4 the-admin limits.change: maxConcurrent is 50.',
    '5 the-admin budget.save: At most 10% robots of each site may be in update at once.',
  ]);
  expect((await operator.listAudit({ query: { action: 'limits.change' } })).items.map(({ seq }) => seq)).toEqual([4]);
  const first = await operator.listAudit({ query: { limit: 3 } });
  expect([first.items.map(({ seq }) => seq), first.next]).toEqual([[5, 4, 3], '3']);
  expect((await operator.listAudit({ query: { limit: 3, cursor: '3' } })).items.map(({ seq }) => seq)).toEqual([2, 1]);
  expect(await operator.verifyAudit()).toEqual({ entries: 5, sha256: items[4]?.sha256 });
});

test('whoever turns four eyes off does it where everybody sees it for a day, or until they have seen it', async () => {
  const { operator, controlPlane } = await admin();
  const bob = (await controlPlane.as('operator')).operator;
  await operator.presetEnvironments({ body: { preset: 'recommended' } });
  await operator.changeEnvironment({ params: { environment: 'production' }, body: { approvals: 'none' } });
  const shown = async (who: typeof bob) => (await who.listNotices()).items.map(({ detail }) => detail);
  expect(await shown(bob)).toEqual(['In production approvals is none.']);
  const [notice] = (await operator.listNotices()).items;
  await operator.acknowledgeNotice({ params: { seq: String(notice?.seq) } });
  expect([await shown(operator), await shown(bob)]).toEqual([[], ['In production approvals is none.']]);
  expect(await refusal(operator.acknowledgeNotice({ params: { seq: '1' } }))).toBe('not_found');
  controlPlane.clock.pass(25 * HOUR);
  expect((await controlPlane.store.audit.notices('anybody', controlPlane.clock.now() - 24 * HOUR)).length).toBe(0);
});
