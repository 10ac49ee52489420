import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentName, DeploymentId, Sha256, Version } from '@fairlead/shared/ids';
import { Parse } from 'typebox/value';
import { expect, onTestFinished, test } from 'vitest';
import { layoutOf } from './layout.ts';
import { sweepComponent, sweepHalfWritten } from './sweep.ts';

const component = Parse(ComponentName, 'duck-policy');
const deployment = (n: number) => Parse(DeploymentId, `dep_${String(n).padStart(10, '0')}`);

/** Backups of deployments 1, 2, 3; the robot's clock stood at `years` when it made them. */
async function backedUp(...years: readonly number[]) {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-sweep-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const paths = layoutOf(root).component(component);
  for (const [index, year] of years.entries()) {
    const folder = paths.stateBackup(deployment(index + 1));
    await mkdir(folder, { recursive: true });
    await utimes(folder, new Date(Date.UTC(year, 1)), new Date(Date.UTC(year, 1)));
  }
  return { paths, kept: async () => (await readdir(paths.stateBackups)).toSorted() };
}

test('of state backups the two newest stay, also those of a robot that booted in 1970', async () => {
  const { paths, kept } = await backedUp(2026, 2026, 1970);
  await sweepComponent(paths);
  expect(await kept()).toEqual([deployment(2), deployment(3)]);
});

test('the backup of an update under way stays, however many came after it', async () => {
  const { paths, kept } = await backedUp(2026, 2026, 2026);
  const candidate = {
    component,
    version: Parse(Version, '1.0.0'),
    manifestSha256: Parse(Sha256, '0'.repeat(64)),
    releaseCounter: 1,
  };
  await sweepComponent(paths, { deployment: deployment(1), candidate });
  expect(await kept()).toEqual([deployment(1), deployment(2), deployment(3)]);
});

test('what a power cut left half-written beside the robot’s key goes, and the key stays', async () => {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-sweep-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const identity = join(root, 'identity');
  await mkdir(identity);
  for (const name of ['robot.key', '.robot.key.fairlead-tmp-0123456789ab', '.reports.json.fairlead-tmp-ba9876543210']) {
    await writeFile(join(identity, name), 'x');
  }
  await sweepHalfWritten(layoutOf(root));
  expect(await readdir(identity)).toEqual(['robot.key']);
});
