import { ProblemError } from '@fairlead/shared/api/client';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { testFleet } from '../testing/test-fleet.ts';

const group = (name: string, selector: string, more = {}) => ({ body: { name, selector, ...more } });
const hint = (call: Promise<unknown>) =>
  call.then(
    () => 'accepted',
    (error) => (error instanceof ProblemError ? error.problem.hint : Promise.reject(error)),
  );

async function ducks() {
  const fleet = await testFleet();
  for (const [name, site] of [
    ['duck-1', 'munich'],
    ['duck-2', 'munich'],
    ['duck-3', 'oslo'],
  ] as const) {
    await fleet.robot(name, { labels: { site }, group: 'ducks' });
  }
  await fleet.publisher.publish({ version: '1.0.0' });
  return fleet;
}
const deployTo = (target: { group: string }) => ({
  body: { target, component: 'duck-policy' as never, version: '1.0.0' as never },
});

test('a saved group is whoever its selector chooses at the moment somebody deploys to it', async () => {
  const { operator } = await ducks();
  await operator.createGroup(group('bavaria', 'site=munich'));
  const meant = async () =>
    (await operator.deploy(deployTo({ group: 'bavaria' }))).deployments.map(({ robot }) => robot);
  expect(await meant()).toEqual(['duck-1', 'duck-2']);
  await operator.changeRobot({ params: { robot: 'duck-3' as never }, body: { labels: { site: 'munich' } } });
  expect(await meant()).toEqual(['duck-1', 'duck-2', 'duck-3']);
  await operator.deleteGroup({ params: { name: 'bavaria' } });
  expect(await refusal(operator.deploy(deployTo({ group: 'bavaria' })))).toBe('not_found');
});

test('groups are listed with how many robots are in them, saved ones and those that robots carry', async () => {
  const { operator } = await ducks();
  await operator.createGroup(group('bavaria', 'site=munich'));
  await operator.createGroup(group('nobody', 'site=nowhere'));
  expect((await operator.listGroups()).items).toEqual([
    { name: 'bavaria', kind: 'saved', selector: 'site=munich', robots: 2 },
    { name: 'ducks', kind: 'own', robots: 3 },
    { name: 'nobody', kind: 'saved', selector: 'site=nowhere', robots: 0 },
  ]);
});

test('a name means one thing: no saved group is called like one that robots carry, nor the other way round', async () => {
  const { operator } = await ducks();
  expect(await refusal(operator.createGroup(group('ducks', 'site=munich')))).toBe('conflict');
  await operator.createGroup(group('bavaria', 'site=munich'));
  expect(await refusal(operator.createGroup(group('bavaria', 'site=oslo')))).toBe('already_exists');
  await operator.createGroup(group('bavaria', 'site=oslo', { replace: true }));
  const join = { params: { robot: 'duck-1' as never }, body: { group: 'bavaria' } };
  expect(await refusal(operator.changeRobot(join))).toBe('conflict');
  const token = { body: { environment: 'development' as const, group: 'bavaria' } };
  expect(await refusal(operator.createEnrolmentToken(token))).toBe('conflict');
});

test('nobody writes on a robot what the control plane knows of it', async () => {
  const { operator } = await ducks();
  for (const key of ['arch', 'env', 'running/duck-policy', 'robot']) {
    const change = { params: { robot: 'duck-1' as never }, body: { labels: { [key]: 'x' } } };
    expect([key, await refusal(operator.changeRobot(change))]).toEqual([key, 'bad_request']);
  }
});

test('a robot that brought a reserved label from its file keeps it, changes its others, and is found by what is true', async () => {
  const { operator, robot } = await testFleet();
  await robot('duck-1', { labels: { arch: 'quantum' } });
  const labels = { arch: 'quantum', site: 'oslo' };
  await operator.changeRobot({ params: { robot: 'duck-1' as never }, body: { labels } });
  const found = async (selector: string) => (await operator.listRobots({ query: { selector } })).items.length;
  expect([await found('arch=quantum'), await found('arch=arm64,site=oslo,lifecycle=accepted')]).toEqual([0, 1]);
});

test('robots are found by what they run, as they say', async () => {
  const { operator, robot, publisher } = await testFleet();
  const release = await publisher.publish({ version: '1.0.0' });
  const duck = await robot('duck-1');
  await robot('duck-2');
  await duck.runs(release);
  const found = async (selector: string) =>
    (await operator.listRobots({ query: { selector } })).items.map((view) => view.robot);
  expect(await found('running/duck-policy=1.0.0')).toEqual(['duck-1']);
  expect(await found('!running/duck-policy')).toEqual(['duck-2']);
});

test('a typing mistake in a group, or in a selector, is answered with what was meant and where', async () => {
  const { operator } = await ducks();
  await operator.createGroup(group('bavaria', 'site=munich'));
  expect(await hint(operator.deploy(deployTo({ group: 'bavria' })))).toBe('Did you mean the group bavaria?');
  expect(await hint(operator.deploy(deployTo({ group: 'duks' })))).toBe('Did you mean the group ducks?');
  const wrong = operator.createGroup(group('x', 'site=munich,,a'));
  await expect(wrong).rejects.toThrow('The selector does not parse at character 13: a label key is expected.');
});

test('a group that a maintenance window is for stays: its robots would lose their window', async () => {
  const { operator } = await ducks();
  await operator.createGroup(group('bavaria', 'site=munich'));
  const night = { name: 'night', scope: { group: 'bavaria' }, from: '02:00', to: '04:00', zone: 'UTC' };
  await operator.createWindow({ body: night });
  expect(await refusal(operator.deleteGroup({ params: { name: 'bavaria' } }))).toBe('conflict');
  await operator.deleteWindow({ params: { name: 'night' } });
  expect(await refusal(operator.deleteGroup({ params: { name: 'bavaria' } }))).toBe('accepted');
});
