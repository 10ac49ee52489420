/** The disk lost the signed manifests of everything that is installed: any assigned release repairs the robot. */
import { rm } from 'node:fs/promises';
import type { ComponentName } from '@fairlead/shared/ids';
import { describe, expect, test } from 'vitest';
import type { VerifiedOrder } from '../poll/verified-order.ts';
import { DUCK, testRobot } from './testing/test-robot.ts';

async function robotWithoutManifests() {
  const robot = await testRobot();
  const installed: VerifiedOrder[] = [];
  for (const version of ['1.0.0', '2.0.0']) installed.push(await robot.release(version));
  for (const order of installed) await robot.updater.offer(order);
  await rm(robot.layout.component(DUCK).manifests, { recursive: true });
  const restarted = async (signedManifest: (order: VerifiedOrder) => Uint8Array | undefined) => {
    const agent = robot.restarted({
      signedManifest: async ({ manifestSha256 }) => {
        const known = installed.find(({ candidate }) => candidate.manifestSha256 === manifestSha256);
        return known && signedManifest(known);
      },
    });
    await agent.recover();
    expect(robot.openAlarms()).toHaveLength(1);
    expect([...robot.services.running]).toEqual(['duck']);
    return agent;
  };
  return { robot, restarted };
}

test('a newer release is installed, once the manifests of what is installed are fetched and verified', async () => {
  const { robot, restarted } = await robotWithoutManifests();
  const agent = await restarted(({ manifestBytes }) => manifestBytes);
  await agent.offer(await robot.release('3.0.0'));
  expect(robot.ends().at(-1)).toBe('succeeded');
  expect(await robot.slots()).toMatchObject({ active: '3.0.0', previous: '2.0.0' });
  expect([agent.damages(), robot.openAlarms()]).toEqual([[], []]);
});

test('a newer release that fails its health check is rolled back to the release before', async () => {
  const { robot, restarted } = await robotWithoutManifests();
  const agent = await restarted(({ manifestBytes }) => manifestBytes);
  robot.health.verdict = (version) => (version === '3.0.0' ? 'unhealthy' : 'healthy');
  await agent.offer(await robot.release('3.0.0'));
  expect(robot.ends().at(-1)).toBe('rolled-back: health_check');
  expect(await robot.slots()).toMatchObject({ active: '2.0.0' });
  expect([...robot.services.running]).toEqual(['duck']);
  expect([agent.damages(), robot.openAlarms()]).toEqual([[], []]);
});

test.each([
  ['the release key does not vouch for them any more', (): undefined => undefined],
  ['the bytes are not those that the robot installed', () => new TextEncoder().encode('{}')],
])('nothing is switched where %s, and what runs goes on', async (_, signedManifest) => {
  const { robot, restarted } = await robotWithoutManifests();
  const agent = await restarted(signedManifest);
  await agent.offer(await robot.release('3.0.0'));
  expect(robot.ends().at(-1)).toMatch(/^failed: /);
  expect([...robot.services.running]).toEqual(['duck']);
  expect(agent.damages()).toHaveLength(1);
});

describe('what runs is still known, so that no older release gets in', () => {
  test('by the committed mark, with its counter', async () => {
    const { robot } = await robotWithoutManifests();
    const before = await robot.updater.active(DUCK);
    expect(before).toMatchObject({ version: '2.0.0', releaseCounter: expect.any(Number) });
    expect(await robot.updater.components()).toMatchObject([{ active: { version: '2.0.0' } }]);
  });

  test('as something that nothing here can name, where the mark is lost as well', async () => {
    const { robot } = await robotWithoutManifests();
    await rm(robot.layout.component(DUCK).committed);
    expect(await robot.updater.active(DUCK)).toBe('unidentified');
    expect(await robot.updater.active('navigation' as ComponentName)).toBeUndefined();
  });
});
