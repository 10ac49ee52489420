import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { type TestFleet, test } from './harness/fleet.ts';
import { flipOneBit } from './harness/on-disk.ts';
import { begin, deploy, endOf, expectRunning } from './harness/orders.ts';

let duck: LivingRobot;

test('one flipped bit in a bundle on the control plane is found before anything is unpacked', async ({ fleet }) => {
  duck = await fleet.join({ name: 'duck-1' });
  await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
  await deploy(fleet, duck, 'walking@1.0.0');
  await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 1 });
  const blob = await blobOf(fleet, 'walking', '2.0.0');
  await flipOneBit(blob, Math.floor((await stat(blob)).size / 2));

  const { view } = await deploy(fleet, duck, 'walking@2.0.0');
  expect(view).toMatchObject({ state: 'rejected', refusal: { category: 'hash' } });
  await expectRunning(duck, 'walking@1.0.0');
});

test('an answer that was meant for another robot is never obeyed', async ({ fleet }) => {
  const goose = await fleet.join({ name: 'goose-1' });
  await publishRelease(fleet, { version: '3.0.0', policy: { seed: 3 }, probationSec: 1 });
  let forGoose: Buffer | undefined;
  fleet.network.lie(({ path }, answer) => {
    if (path.includes('/goose-1/check-in')) forGoose = answer;
    return path.includes('/duck-1/check-in') ? forGoose : undefined;
  });
  expect((await deploy(fleet, goose, 'walking@3.0.0')).view.state).toBe('succeeded');
  // Time for several lies.
  const asked = () => fleet.network.exchanges.filter(({ path }) => path.includes('/duck-1/check-in')).length;
  const before = asked();
  await waitFor('duck-1 to hear the lie', () => asked() > before + 1 || undefined);
  await expectRunning(duck, 'walking@1.0.0');
  fleet.network.lie(undefined);
  expect((await deploy(fleet, duck, 'walking@3.0.0')).view.state).toBe('succeeded');
});

test('a robot of another environment refuses what production signed', async ({ fleet }) => {
  const swan = await fleet.join({ name: 'swan-1', environment: 'staging' });
  const { exitCode, stderr } = await fleet.fairlead('deploy', '--robot', swan.name, '--release', 'walking@3.0.0');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: expect.toSatisfy((code: number) => code !== 0) });
  expect(await swan.health()).toBeUndefined();
});

test('yesterday’s timestamp, served for ever, is no reason to install anything', async ({ fleet }) => {
  let old: Buffer | undefined;
  fleet.network.lie(({ path }, answer) => {
    if (!path.endsWith('/timestamp.json')) return undefined;
    old ??= answer;
    return old;
  });
  await deploy(fleet, duck, 'walking@1.0.0');
  await publishRelease(fleet, { version: '4.0.0', policy: { seed: 4 }, probationSec: 1 });
  const deployment = await begin(fleet, duck, 'walking@4.0.0');
  await expect(endOf(fleet, deployment, 5_000)).rejects.toThrow(/Not ended/);
  await expectRunning(duck, 'walking@1.0.0');
  fleet.network.lie(undefined);
  expect((await endOf(fleet, deployment)).view.state).toBe('succeeded');
});

/** The bytes of a release in the control plane's blob folder, found by their digest. */
async function blobOf(fleet: TestFleet, component: string, version: string): Promise<string> {
  const { stdout } = await fleet.fairlead(
    'release',
    'show',
    `${component}@${version}`,
    '--env',
    'production',
    '--json',
  );
  const digest = /"bundleSha256": "([0-9a-f]{64})"/.exec(stdout)?.[1];
  const files = await readdir(fleet.controlPlane.dataFolder, { recursive: true });
  const found = files.find((file) => digest !== undefined && file.endsWith(digest));
  if (found === undefined) throw new Error(`no blob ${digest} in ${fleet.controlPlane.dataFolder}`);
  return join(fleet.controlPlane.dataFolder, found);
}
