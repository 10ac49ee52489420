import type { ComponentName, RobotId, Version } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import { installed, running, testFleet } from '../testing/test-fleet.ts';
import { INVENTORY } from '../testing/test-robot.ts';

const duck = 'duck-policy' as ComponentName;
const order = (robot: string, version: string) => ({
  body: { target: { robot: robot as RobotId }, component: duck, version: version as Version },
});

describe('a deployment', () => {
  test('reaches exactly the robots it is meant for', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0' });
    await robot('duck-1', { group: 'warehouse', labels: { floor: '1' } });
    await robot('duck-2', { group: 'warehouse', labels: { floor: '2' } });
    await robot('duck-3');
    const meant = async (target: Parameters<typeof operator.deploy>[0]['body']['target']) => {
      const reply = await operator.deploy({ body: { target, component: duck, version: '1.0.0' as Version } });
      return reply.deployments.map((deployment) => deployment.robot);
    };
    expect(await meant({ robot: 'duck-3' as RobotId })).toEqual(['duck-3']);
    expect(await meant({ group: 'warehouse' })).toEqual(['duck-1', 'duck-2']);
    expect(await meant({ selector: 'group=warehouse,floor!=1' })).toEqual(['duck-2']);
    expect(await meant({ all: true })).toEqual(['duck-1', 'duck-2', 'duck-3']);
    await expect(meant({ group: 'warhouse' })).rejects.toMatchObject({ problem: { code: 'not_found' } });
  });

  test('takes the release of the robot’s own environment, and skips where it is not published', async () => {
    const { publisher, operator, robot } = await testFleet();
    const staged = await publisher.publish({ version: '1.0.0', environment: 'staging', content: 'staging' });
    await robot('in-staging', { environment: 'staging' });
    await robot('in-production', { environment: 'production' });
    const { deployments, skipped } = await operator.deploy({
      body: { target: { all: true }, component: duck, version: '1.0.0' as Version },
    });
    expect(deployments).toMatchObject([{ robot: 'in-staging', manifestSha256: staged.manifestSha256 }]);
    expect(skipped).toMatchObject([{ robot: 'in-production', refusal: { category: 'not_published' } }]);
  });

  test('skips a robot whose hardware the release is not for, and says why', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0', bend: { requires: { arch: ['x64'] } } });
    await robot('duck-1');
    await robot('desk-1', { inventory: { ...INVENTORY, arch: 'x64' } });
    const { deployments, skipped } = await operator.deploy({
      body: { target: { all: true }, component: duck, version: '1.0.0' as Version },
    });
    expect(deployments.map((deployment) => deployment.robot)).toEqual(['desk-1']);
    expect(skipped).toMatchObject([{ robot: 'duck-1', refusal: { category: 'wrong_hw', phase: 'assign' } }]);
  });

  test('asked for twice is one deployment', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0' });
    await robot('duck-1');
    const first = await operator.deploy(order('duck-1', '1.0.0'));
    expect(await operator.deploy(order('duck-1', '1.0.0'))).toEqual(first);
    expect((await operator.listDeployments()).items).toHaveLength(1);
  });

  test('of what the robot runs already is skipped and changes nothing it is told', async () => {
    const { publisher, operator, robot } = await testFleet();
    const release = await publisher.publish({ version: '1.0.0' });
    const duck1 = await robot('duck-1');
    await duck1.runs(release);
    const { deployments } = await operator.deploy(order('duck-1', '1.0.0'));
    expect(deployments).toMatchObject([{ state: 'skipped', refusal: { category: 'already_installed' } }]);
    expect((await duck1.runs(release)).assignment?.components).toEqual([]);
  });

  test('supersedes an unfinished one of the same component, and leaves other components alone', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0' });
    await publisher.publish({ version: '1.1.0' });
    await publisher.publish({ version: '7.0.0', component: 'navigation' });
    const duck1 = await robot('duck-1');
    await operator.deploy(order('duck-1', '1.0.0'));
    await operator.deploy({ body: { ...order('duck-1', '7.0.0').body, component: 'navigation' as ComponentName } });
    await operator.deploy(order('duck-1', '1.1.0'));
    const { items } = await operator.listDeployments();
    expect(items.map(({ component, version, state }) => `${component}@${version} ${state}`)).toEqual([
      'duck-policy@1.1.0 pending',
      'navigation@7.0.0 pending',
      'duck-policy@1.0.0 cancelled',
    ]);
    expect(items[2]?.refusal?.category).toBe('superseded');
    const { assignment } = await duck1.ask();
    expect(assignment?.components.map(({ target }) => target.version)).toEqual(['1.1.0', '7.0.0']);
  });

  test('to an older release needs to be told so', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0', counter: 10_001 });
    const newer = await publisher.publish({ version: '2.0.0', counter: 10_002 });
    const duck1 = await robot('duck-1');
    const active = { ...running(newer), releaseCounter: 10_002 };
    await duck1.ask({ components: [{ component: duck, active }] });
    const { skipped } = await operator.deploy(order('duck-1', '1.0.0'));
    expect(skipped).toMatchObject([{ refusal: { category: 'downgrade' } }]);
    await operator.deploy({ body: { ...order('duck-1', '1.0.0').body, allowDowngrade: true, reason: 'too hot' } });
    const { assignment } = await duck1.ask();
    expect(assignment?.components).toMatchObject([{ allowDowngrade: { reason: 'too hot', by: 'the-admin' } }]);
  });

  test('of a revoked release is refused, and one under way is withdrawn', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0' });
    const duck1 = await robot('duck-1');
    await operator.deploy(order('duck-1', '1.0.0'));
    const before = await duck1.ask();
    await publisher.revoke({ version: '1.0.0' });
    const after = await duck1.ask();
    expect(after.assignment?.components).toEqual([]);
    expect(after.assignment?.seq).toBeGreaterThan(before.assignment?.seq ?? Infinity);
    expect((await operator.listDeployments()).items).toMatchObject([
      { state: 'cancelled', refusal: { category: 'revoked' } },
    ]);
    expect((await operator.deploy(order('duck-1', '1.0.0'))).skipped).toMatchObject([
      { refusal: { category: 'revoked' } },
    ]);
  });

  test('of something nobody published, or for a robot nobody knows, is not found', async () => {
    const { publisher, operator, robot } = await testFleet();
    await robot('duck-1');
    await expect(operator.deploy(order('duck-1', '9.9.9'))).rejects.toMatchObject({ problem: { code: 'not_found' } });
    await publisher.publish({ version: '1.0.0' });
    await expect(operator.deploy(order('duck-9', '1.0.0'))).rejects.toMatchObject({ problem: { code: 'not_found' } });
  });

  test('can be cancelled until the robot begins to switch', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0' });
    const duck1 = await robot('duck-1');
    const [deployment] = (await operator.deploy(order('duck-1', '1.0.0'))).deployments;
    if (!deployment) throw new Error('no deployment');
    const params = { deployment: deployment.deployment };
    expect(await operator.cancelDeployment({ params })).toMatchObject({ state: 'cancelled' });
    expect(await operator.cancelDeployment({ params })).toMatchObject({ state: 'cancelled' });
    expect((await duck1.ask()).assignment?.components).toEqual([]);

    const [second] = (await operator.deploy(order('duck-1', '1.0.0'))).deployments;
    if (!second) throw new Error('no deployment');
    await duck1.tells({ event: 'update-state', deployment: second.deployment, component: duck, state: 'switching' });
    await expect(operator.cancelDeployment({ params: { deployment: second.deployment } })).rejects.toMatchObject({
      problem: { code: 'conflict' },
    });
  });
});

describe('a rollback', () => {
  const back = (more = {}) => ({ body: { target: { robot: 'duck-1' as RobotId }, ...more } });

  test('goes to what the robot calls previous, and may go below its counter', async () => {
    const { publisher, operator, robot } = await testFleet();
    const one = await publisher.publish({ version: '1.0.0' });
    const two = await publisher.publish({ version: '2.0.0' });
    const duck1 = await robot('duck-1');
    await duck1.runs(two, one);
    expect((await operator.rollBack(back())).deployments).toMatchObject([{ version: '1.0.0', kind: 'rollback' }]);
    expect((await duck1.ask()).assignment?.components).toMatchObject([
      { target: { version: '1.0.0' }, allowDowngrade: { by: 'the-admin' } },
    ]);
  });

  test('goes to the last other success where the robot keeps no previous', async () => {
    const { publisher, operator, robot } = await testFleet();
    const releases = [await publisher.publish({ version: '1.0.0' }), await publisher.publish({ version: '2.0.0' })];
    const duck1 = await robot('duck-1');
    for (const release of releases) {
      const [made] = (await operator.deploy(order('duck-1', release.manifest.version))).deployments;
      if (!made) throw new Error('no deployment');
      const { deployment, component } = made;
      const ended = { event: 'update-ended', deployment, component, outcome: 'succeeded' } as const;
      await duck1.tells({ ...ended, active: running(release) });
    }
    expect((await operator.rollBack(back())).deployments).toMatchObject([{ version: '1.0.0' }]);
  });

  test('whose first installation failed has nothing to go back from, and is not sent to what it left', async () => {
    const { publisher, operator, robot } = await testFleet();
    await publisher.publish({ version: '1.0.0' });
    const duck1 = await robot('duck-1');
    const [made] = (await operator.deploy(order('duck-1', '1.0.0'))).deployments;
    if (!made) throw new Error('no deployment');
    const { deployment, component } = made;
    await duck1.tells({ event: 'update-ended', deployment, component, outcome: 'rolled-back' });
    await duck1.ask({ components: [] });
    for (const more of [{}, { component }]) {
      const { deployments, skipped } = await operator.rollBack(back(more));
      expect(deployments).toEqual([]);
      expect(skipped).toMatchObject([{ refusal: { category: 'no_previous' } }]);
      expect(skipped[0]?.refusal.detail).toContain('there is nothing to go back from');
    }
  });

  test('names a version, or is told what is missing', async () => {
    const { publisher, operator, robot } = await testFleet();
    const one = await publisher.publish({ version: '1.0.0' });
    const nav = await publisher.publish({ version: '7.0.0', component: 'navigation' });
    await publisher.publish({ version: '0.9.0' });
    const duck1 = await robot('duck-1');
    const said = async (more = {}) => {
      const { deployments, skipped } = await operator.rollBack(back(more));
      return skipped[0]?.refusal.category ?? deployments[0]?.version;
    };
    expect(await said()).toBe('which_component');
    await duck1.ask({ components: [] });
    expect(await said()).toBe('no_previous');
    expect(await said({ component: one.manifest.component })).toBe('no_previous');
    await duck1.runs(one);
    expect(await said()).toBe('no_previous');
    expect(await said({ toVersion: '0.9.0' })).toBe('0.9.0');
    expect(await said({ toVersion: '0.8.0' })).toBe('not_published');
    await duck1.ask({ components: [installed(one), installed(nav)] });
    expect(await said()).toBe('which_component');
  });
});
