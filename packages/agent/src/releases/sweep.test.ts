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

test('what a power cut left half-written beside key and notes goes, and what was whole stays', async () => {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-sweep-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [folder, file] of [
    ['identity', 'robot.key'],
    ['launcher', 'trial'],
    ['services', 'duck.json'],
  ] as const) {
    await mkdir(join(root, folder));
    await writeFile(join(root, folder, file), 'whole');
    await writeFile(join(root, folder, `.${file}.fairlead-tmp-0123456789ab`), 'ha');
  }
  await sweepHalfWritten(layoutOf(root));
  const found = await readdir(root, { recursive: true });
  expect(found.toSorted()).toEqual([
    'identity',
    'identity/robot.key',
    'launcher',
    'launcher/trial',
    'services',
    'services/duck.json',
  ]);
});

test('what a self-test that was cut off left in the root folder goes', async () => {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-sweep-'));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const name of ['.self-test', '.self-test.db', '.self-test.db-journal', 'spool.db']) {
    await writeFile(join(root, name), 'x');
  }
  await sweepHalfWritten(layoutOf(root));
  expect(await readdir(root)).toEqual(['spool.db']);
});
