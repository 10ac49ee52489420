import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';
import { authorFolder, newFolder } from './testing/author-folder.ts';

const YAML = 'component: duck\nversion: 1.0.0\n';
const build = (...args: string[]) => runFairlead(['release', 'build', '--skip-smoke-tests', ...args]);

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await newFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test.each(['release.yml', 'Release.yaml', 'RELEASE.YAML'])(
  'a release.yaml that is called %s is named',
  async (name) => {
    const { exitCode, stderr } = await build(await folderWith({ [name]: YAML, 'a.txt': 'a' }));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`There is no release.yaml; there is ${name}.`);
    expect(stderr).toContain(`Rename it: mv ${name} release.yaml`);
  },
);

test('a wrong folder is named with what to give instead, and never by a bare error code', async () => {
  const folder = await folderWith({ 'a.txt': 'a' });
  const nothing = await build(join(folder, 'no'));
  expect(nothing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('There is no such folder.') });
  const file = await build(join(folder, 'a.txt'));
  expect(file).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`Give its folder: ${folder}`) });
  const empty = await build(folder);
  expect(empty).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('There is no release.yaml.') });
  await mkdir(join(folder, 'policy'));
  await writeFile(join(folder, 'policy', 'release.yaml'), YAML);
  expect((await build(folder)).stderr).toMatch(/There is one in .*policy: give that folder/);
  for (const { stderr } of [nothing, file, empty]) expect(stderr).not.toMatch(/ENOENT|ENOTDIR|EISDIR/);
});

test('-o takes a folder, and a missing folder is named before any work', async () => {
  const folder = await authorFolder({ 'a.txt': 'a', 'release.yaml': YAML });
  const out = await newFolder();
  expect((await build(folder, '-o', out)).exitCode).toBe(0);
  expect(await readdir(out)).toEqual(['duck-1.0.0.fairlead']);
  const missing = await build(folder, '-o', join(out, 'no/such/x.fairlead'));
  expect(missing).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('folder of the output does not exist'),
  });
  expect(missing.stderr).not.toContain('ENOENT');
});

test('verify and publish want a .fairlead file', async () => {
  const folder = await newFolder();
  for (const command of [['verify'], ['publish', '--env', 'production']]) {
    const [name = '', ...options] = command;
    const onFolder = await runFairlead(['release', name, folder, ...options]);
    expect(onFolder).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('a folder, not a .fairlead file') });
    const onNothing = await runFairlead(['release', name, join(folder, 'no.fairlead'), ...options]);
    expect(onNothing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('There is no such file.') });
  }
});
