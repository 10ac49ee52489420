/** Twenty thousand real files, as a ROS workspace or a Python environment has them: built, published and installed once. */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { succeed } from '../../scripts/local-fleet/fairlead.ts';
import { test } from './harness/fleet.ts';
import { begin, endOf } from './harness/orders.ts';

const FILES = 20_000;
const PER_FOLDER = 500;

async function writeWorkspace(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'release.yaml'), 'component: workspace\nversion: 1.0.0\nprobation: {seconds: 1}\n');
  for (let at = 0; at < FILES; at += PER_FOLDER) {
    const package_ = join(folder, 'install/lib/python3.10/site-packages', `package_${at / PER_FOLDER}`);
    await mkdir(package_, { recursive: true });
    const names = Array.from({ length: PER_FOLDER }, (_, index) => `module_${at + index}.py`);
    await Promise.all(names.map((name) => writeFile(join(package_, name), `NAME = "${name}"\n`)));
  }
}

const PATIENCE = { timeout: 300_000 };
test('a robot installs a release of 20 000 files, and each of them is what was signed', PATIENCE, async ({ fleet }) => {
  const folder = join(fleet.folder, 'authors', 'workspace');
  await writeWorkspace(folder);
  const file = `${folder}.fairlead`;
  const built = await succeed(fleet.fairlead, 'release', 'build', folder, '--output', file);
  expect(built).toMatchObject({ files: FILES });
  const signing = ['--env', 'production', '--passphrase-file', fleet.passphraseFile, '--yes'];
  await succeed(fleet.fairlead, 'release', 'publish', file, ...signing);

  const robot = await fleet.join({ name: 'duck-1' });
  const ended = await endOf(fleet, await begin(fleet, robot, 'workspace@1.0.0'), 200_000);
  expect(ended.view.state).toBe('succeeded');

  const active = join(robot.root, 'components/workspace/active');
  const found = readdirSync(active, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(found).toHaveLength(FILES);
  const last = 'install/lib/python3.10/site-packages/package_39/module_19999.py';
  expect(await readFile(join(active, last), 'utf8')).toBe('NAME = "module_19999.py"\n');
});
