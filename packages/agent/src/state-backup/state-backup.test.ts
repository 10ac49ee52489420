import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { restoreState } from './restore-state.ts';
import { saveState } from './save-state.ts';

async function duck() {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-state-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const state = join(root, 'calibration');
  await mkdir(join(state, 'legs'), { recursive: true });
  await writeFile(join(state, 'legs/left.json'), '{"zero": 1}', { mode: 0o640 });
  await writeFile(join(state, 'imu.json'), '{"bias": 2}');
  await symlink('imu.json', join(state, 'current'));
  return { root, state, backup: join(root, 'backup') };
}

test('a robot gets its calibration back as it was: contents, modes, links, and nothing that appeared since', async () => {
  const { state, backup } = await duck();
  await saveState(backup, [state]);
  await writeFile(join(state, 'legs/left.json'), 'spoilt');
  await chmod(join(state, 'legs/left.json'), 0o666);
  await rm(join(state, 'current'));
  await writeFile(join(state, 'current'), 'a file now');
  await rm(join(state, 'imu.json'));
  await mkdir(join(state, 'new/deep'), { recursive: true });
  await restoreState(backup);
  expect((await readdir(state)).toSorted()).toEqual(['current', 'imu.json', 'legs']);
  expect(await readFile(join(state, 'legs/left.json'), 'utf8')).toBe('{"zero": 1}');
  expect((await stat(join(state, 'legs/left.json'))).mode & 0o777).toBe(0o640);
  expect(await readlink(join(state, 'current'))).toBe('imu.json');
});

test('state that did not exist when it was saved is gone after a roll-back', async () => {
  const { root, backup } = await duck();
  const later = join(root, 'later');
  await saveState(backup, [later]);
  await mkdir(later);
  await writeFile(join(later, 'x'), 'x');
  await restoreState(backup);
  await expect(lstat(later)).rejects.toThrow('ENOENT');
});

test('state that vanished whole comes back', async () => {
  const { state, backup } = await duck();
  await saveState(backup, [state]);
  await rm(state, { recursive: true });
  await restoreState(backup);
  expect(await readFile(join(state, 'imu.json'), 'utf8')).toBe('{"bias": 2}');
});

test('a link planted in the state is never followed out of it', async () => {
  const { root, state, backup } = await duck();
  const outside = join(root, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'left.json'), 'not ours');
  await saveState(backup, [state]);
  await rm(join(state, 'legs'), { recursive: true });
  await symlink(outside, join(state, 'legs'));
  await restoreState(backup);
  expect(await readFile(join(outside, 'left.json'), 'utf8')).toBe('not ours');
  expect((await lstat(join(state, 'legs'))).isDirectory()).toBe(true);
});

test('saving again brings the backup up to date, and a file that did not change is not copied again', async () => {
  const { state, backup } = await duck();
  await saveState(backup, [state]);
  const before = await stat(join(backup, 'contents', (await contents(backup))[0] ?? ''));
  await writeFile(join(state, 'imu.json'), '{"bias": 3}');
  await saveState(backup, [state]);
  expect((await stat(join(backup, 'contents', (await contents(backup))[0] ?? ''))).ino).toBe(before.ino);
  await writeFile(join(state, 'imu.json'), 'spoilt');
  await restoreState(backup);
  expect(await readFile(join(state, 'imu.json'), 'utf8')).toBe('{"bias": 3}');
});

test('a backup that the disk has lost is refused: an older release would meet the state of a newer one', async () => {
  const { state, backup } = await duck();
  await saveState(backup, [state]);
  await rm(backup, { recursive: true });
  await expect(restoreState(backup)).rejects.toMatchObject({ refusal: { category: 'backup_lost' } });
});

test.each([
  ['rotten', (file: string) => writeFile(file, 'rot')],
  ['gone', (file: string) => rm(file)],
])('a backup of which one file is %s puts nothing back: half of a state is nobody’s', async (_how, harm) => {
  const { state, backup } = await duck();
  await saveState(backup, [state]);
  await writeFile(join(state, 'imu.json'), 'of the new release');
  await harm(join(backup, 'contents', (await contents(backup))[0] ?? ''));
  await expect(restoreState(backup)).rejects.toMatchObject({ refusal: { category: 'backup_damaged' } });
  expect(await readFile(join(state, 'imu.json'), 'utf8')).toBe('of the new release');
});

test('files that come and go while a robot works do not keep its state from being saved', async () => {
  const { state, backup } = await duck();
  let saving = true;
  const busy = async (name: string): Promise<void> => {
    while (saving) {
      await mkdir(join(state, name));
      await writeFile(join(state, name, 'new.tmp'), name);
      await rm(join(state, name), { recursive: true });
    }
  };
  const robot = Promise.all(['a', 'b', 'c', 'd'].map(busy));
  try {
    for (let round = 0; round < 60; round += 1) await saveState(backup, [state]);
  } finally {
    saving = false;
    await robot;
  }
  await restoreState(backup);
  expect(await readFile(join(state, 'imu.json'), 'utf8')).toBe('{"bias": 2}');
});

test('restoring twice does no harm', async () => {
  const { state, backup } = await duck();
  await saveState(backup, [state]);
  await restoreState(backup);
  await restoreState(backup);
  expect(await readFile(join(state, 'imu.json'), 'utf8')).toBe('{"bias": 2}');
});

/** Digests kept, oldest content first. */
async function contents(backup: string): Promise<string[]> {
  const names = await readdir(join(backup, 'contents'));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(backup, 'contents', name))).ctimeMs })),
  );
  return dated.toSorted((a, b) => a.at - b.at).map(({ name }) => name);
}
