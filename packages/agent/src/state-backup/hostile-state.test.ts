/** State whose owner is hostile, or which the agent has no right to: found before the switch, never followed out of it. */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkRestorable, checkStatePaths } from './check-state.ts';
import { restoreState } from './restore-state.ts';
import { saveState } from './save-state.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

async function duck() {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-hostile-state-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const state = join(root, 'app/calibration');
  await mkdir(join(state, 'legs'), { recursive: true });
  for (const leg of ['left', 'right']) await writeFile(join(state, 'legs', leg), 'factory');
  const outside = join(root, 'outside');
  await mkdir(outside);
  for (const name of ['left', 'secret']) await writeFile(join(outside, name), 'not of this application');
  return { root, state, outside, backup: join(root, 'backup') };
}

test('attack 131: an application that swaps a folder of its state for a link, again and again, reaches nothing outside', async () => {
  const { state, outside, backup } = await duck();
  await saveState(backup, [state]);
  let isOver = false;
  const swapping = (async () => {
    const [legs, away, link] = [join(state, 'legs'), join(state, 'away'), join(state, 'link')];
    while (!isOver) {
      await symlink(outside, link).catch(() => undefined);
      await rename(legs, away).catch(() => undefined);
      await rename(link, legs).catch(() => undefined);
      await rm(legs, { force: true }).catch(() => undefined);
      await rename(away, legs).catch(() => undefined);
    }
  })();
  for (let round = 0; round < 40; round += 1) {
    // A program that interferes may make it fail, and never lead it elsewhere.
    await restoreState(backup).catch(() => undefined);
    await saveState(join(backup, '../second'), [state]).catch(() => undefined);
  }
  isOver = true;
  await swapping;
  expect((await readdir(outside)).toSorted()).toEqual(['left', 'secret']);
  expect(await readFile(join(outside, 'left'), 'utf8')).toBe('not of this application');
  const index = await readFile(join(backup, '../second/index.json'), 'utf8').catch(() => '');
  expect(index).not.toContain('secret');
});

test('state behind a link that others can change is refused; a link of the integrator is followed', async () => {
  const { root, state, backup } = await duck();
  const [data, shared] = [join(root, 'data'), join(root, 'shared')];
  await symlink(join(root, 'app'), data);
  await saveState(backup, [join(data, 'calibration')]);
  await writeFile(join(state, 'legs/left'), 'spoilt');
  await restoreState(backup);
  expect(await readFile(join(state, 'legs/left'), 'utf8')).toBe('factory');

  await mkdir(shared);
  await chmod(shared, 0o777);
  await symlink(join(root, 'app'), join(shared, 'app'));
  const path = join(shared, 'app/calibration');
  await expect(saveState(backup, [path])).rejects.toMatchObject({ refusal: { category: 'state_path', element: path } });
  await expect(checkStatePaths([path], join(root, 'agent'))).rejects.toMatchObject({
    refusal: { category: 'state_path' },
  });
});

test('state that is itself a link is refused: only the link would be saved', async () => {
  const { root, state, backup } = await duck();
  await symlink(state, join(root, 'link'));
  await expect(saveState(backup, [join(root, 'link')])).rejects.toMatchObject({ refusal: { category: 'state_path' } });
});

test('a folder of the way that has become a link since it was saved is not followed by a rollback', async () => {
  const { root, state, outside, backup } = await duck();
  await chmod(join(root, 'app'), 0o777);
  await saveState(backup, [join(state, 'legs')]);
  await rename(state, join(root, 'app/moved'));
  await symlink(outside, state);
  await expect(restoreState(backup)).rejects.toMatchObject({ refusal: { category: 'state_path' } });
  expect((await readdir(outside)).toSorted()).toEqual(['left', 'secret']);
});

test('state in the agent’s own folder, or around it, is refused, also by another name', async () => {
  const { root, state } = await duck();
  const agent = join(root, 'agent');
  await mkdir(join(agent, 'identity'), { recursive: true });
  await symlink(agent, join(root, 'alias'));
  for (const path of [agent, join(agent, 'identity'), root, join(root, 'alias/trust'), join(agent, 'not-there-yet')]) {
    await expect(checkStatePaths([state, path], agent), path).rejects.toMatchObject({
      refusal: { category: 'state_path', element: path },
    });
  }
  await checkStatePaths([state, join(root, 'agent-of-the-app')], agent);
});

/** As the user nobody, for the file system. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

test.runIf(isRoot)(
  'state that the agent may not write is found before the switch, and nothing is left in it',
  async () => {
    const { root, state, backup } = await duck();
    await chmod(root, 0o777);
    await asNobody(() => saveState(backup, [state]));
    await expect(asNobody(() => checkRestorable(backup))).rejects.toMatchObject({
      refusal: { category: 'state_not_permitted', hint: expect.stringContaining('state.conf') },
    });
    await checkRestorable(backup);
    expect((await readdir(state)).toSorted()).toEqual(['legs']);
  },
);

test.runIf(isRoot)('state whose owner the agent could not give back is found before the switch', async () => {
  const { root, state, backup } = await duck();
  await chmod(root, 0o777);
  for (const folder of [state, join(state, 'legs')]) await chown(folder, NOBODY, NOBODY);
  await asNobody(() => saveState(backup, [state]));
  await expect(asNobody(() => checkRestorable(backup))).rejects.toMatchObject({
    refusal: { category: 'state_not_permitted', detail: expect.stringMatching(/give back .*legs\/(left|right)/) },
  });
  for (const leg of ['left', 'right']) await chown(join(state, 'legs', leg), NOBODY, NOBODY);
  await asNobody(() => saveState(backup, [state]));
  await asNobody(() => checkRestorable(backup));
});

test.runIf(isRoot)(
  'state that the agent may not read is told with the right that is missing, and not with the disk',
  async () => {
    const { root, state, backup } = await duck();
    await chmod(root, 0o777);
    await chmod(join(state, 'legs/left'), 0o600);
    await expect(asNobody(() => saveState(backup, [state]))).rejects.toMatchObject({
      refusal: { category: 'state_not_permitted', detail: expect.stringContaining('may not read') },
    });
  },
);

test('state that is not there yet is restorable where its folder can be written', async () => {
  const { state, backup } = await duck();
  await saveState(backup, [join(state, 'new'), join(state, 'missing/deep')]);
  await checkRestorable(backup);
  await writeFile(join(state, 'new'), 'x');
  await restoreState(backup);
  await expect(lstat(join(state, 'new'))).rejects.toThrow('ENOENT');
});
