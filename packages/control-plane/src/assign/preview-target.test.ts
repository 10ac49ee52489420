import { HOUR } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { testFleet } from '../testing/test-fleet.ts';
import { INVENTORY } from '../testing/test-robot.ts';

const duck = 'duck-policy' as never;
const version = '1.0.0' as never;

async function mixedFleet() {
  const fleet = await testFleet();
  const { publisher, robot, operator } = fleet;
  const release = await publisher.publish({ version: '1.0.0', bend: { requires: { arch: ['arm64'] } } });
  const runs = await robot('a-runs');
  await runs.runs(release);
  const fits = await robot('b-fits', { group: 'ducks' });
  await fits.ask();
  const wrong = await robot('c-wrong', { inventory: { ...INVENTORY, arch: 'x64' } });
  await wrong.ask();
  const silent = await robot('d-silent');
  await silent.ask();
  fleet.controlPlane.clock.pass(HOUR);
  await runs.runs(release);
  for (const each of [fits, wrong]) await each.ask();
  await robot('e-staging', { environment: 'staging' });
  const night = { name: 'night', from: '02:00', to: '04:00', zone: 'UTC', scope: { group: 'ducks' } };
  await operator.createWindow({ body: night });
  return fleet;
}

test('a preview says of each robot what a release would do to it, and why not', async () => {
  const { operator } = await mixedFleet();
  const { counts, items, next } = await operator.previewTarget({
    body: { target: { all: true }, component: duck, version },
  });
  expect(items.map(({ robot, verdict, refusal: why, presence }) => [robot, verdict, why?.category, presence])).toEqual([
    ['a-runs', 'runs-it', undefined, 'online'],
    ['b-fits', 'changes', undefined, 'online'],
    ['c-wrong', 'refused', 'wrong_hw', 'online'],
    ['d-silent', 'changes', undefined, 'offline'],
    ['e-staging', 'refused', 'not_published', 'never-seen'],
  ]);
  expect(items[1]?.window).toEqual({ name: 'night', opensAt: '2026-11-22T02:00:00.000Z' });
  expect(counts).toEqual({
    robots: 5,
    environments: { development: 4, staging: 1 },
    presence: { online: 3, late: 0, offline: 1, 'never-seen': 1 },
    verdicts: { meant: 0, changes: 2, 'runs-it': 1, refused: 2 },
    refusals: { wrong_hw: 1, not_published: 1 },
    outsideWindow: 1,
  });
  expect(next).toBeUndefined();
});

test('a preview and the order that follows it agree about every robot, and the preview changes nothing', async () => {
  const { operator } = await mixedFleet();
  const body = { target: { all: true as const }, component: duck, version };
  const { items } = await operator.previewTarget({ body });
  expect((await operator.listDeployments()).items).toEqual([]);
  const ordered = await operator.deploy({ body });
  const by = (verdict: string) => items.filter((item) => item.verdict === verdict).map(({ robot }) => robot);
  const made = (state: string) => ordered.deployments.filter((one) => one.state === state).map(({ robot }) => robot);
  expect(by('changes')).toEqual(made('pending'));
  expect(by('runs-it')).toEqual(made('skipped'));
  expect(items.flatMap(({ robot, refusal: why }) => (why ? [{ robot, refusal: why }] : []))).toEqual(ordered.skipped);
});

test('counts are of everybody, robots come in pages that fit together, and can be narrowed to what matters', async () => {
  const { operator } = await mixedFleet();
  const ask = (more = {}) =>
    operator.previewTarget({ body: { target: { all: true }, component: duck, version, ...more } });
  const first = await ask({ limit: 2 });
  expect([first.counts?.robots, first.items.length, first.next]).toEqual([5, 2, 'b-fits']);
  const second = await ask({ limit: 2, cursor: first.next });
  expect([second.counts, second.items.map(({ robot }) => robot)]).toEqual([undefined, ['c-wrong', 'd-silent']]);
  const third = await ask({ limit: 2, cursor: second.next });
  expect([third.items.map(({ robot }) => robot), third.next]).toEqual([['e-staging'], undefined]);
  const shown = async (show: string) => {
    const { counts, items } = await ask({ show });
    return [counts?.robots, ...items.map(({ robot }) => robot)];
  };
  expect(await shown('refused')).toEqual([5, 'c-wrong', 'e-staging']);
  expect(await shown('silent')).toEqual([5, 'd-silent', 'e-staging']);
  expect(await shown('outside-window')).toEqual([5, 'b-fits']);
});

test('without a release a preview says who is meant, and a robot by name is told whatever it is', async () => {
  const { operator } = await mixedFleet();
  const ask = async (target: never) =>
    (await operator.previewTarget({ body: { target } })).items.map(({ robot }) => robot);
  expect(await ask({ selector: 'arch=x64' } as never)).toEqual(['c-wrong']);
  await operator.createGroup({ body: { name: 'geese', selector: 'bird=goose' } });
  expect(await ask({ group: 'geese' } as never)).toEqual([]);
  await expect(ask({ group: 'duks' } as never)).rejects.toMatchObject({
    problem: { hint: 'Did you mean the group ducks?' },
  });
  await operator.decommissionRobot({ params: { robot: 'c-wrong' as never } });
  expect(await ask({ selector: 'arch=x64' } as never)).toEqual([]);
  const one = await operator.previewTarget({
    body: { target: { robot: 'c-wrong' as never }, component: duck, version },
  });
  expect(one.items[0]?.refusal?.category).toBe('not_accepted');
});

test('a preview says that a direct order to so many would be refused as a whole', async () => {
  const { operator } = await mixedFleet();
  await operator.changeEnvironment({ params: { environment: 'development' }, body: { staged: true } });
  const ask = async (target: never) => (await operator.previewTarget({ body: { target } })).counts?.forbidden?.category;
  expect(await ask({ all: true } as never)).toBe('needs_rollout');
  expect(await ask({ robot: 'b-fits' } as never)).toBeUndefined();
});

test('a preview of what nobody published, or of a version of nothing, is refused', async () => {
  const { operator } = await mixedFleet();
  const ask = (more: object) => refusal(operator.previewTarget({ body: { target: { all: true }, ...more } }));
  expect(await ask({ component: duck, version: '9.9.9' })).toBe('not_found');
  expect(await ask({ version })).toBe('bad_request');
  expect(await ask({ cursor: 'NOT A ROBOT' })).toBe('bad_request');
});
