import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-lock-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
const first = { pid: 11, host: 'server-1', since: '2026-11-28T08:00:00.000Z' };
const second = { pid: 12, host: 'server-2', since: '2026-11-28T09:00:00.000Z' };

test('a locked folder is refused to everybody else, with the name of its holder, until it is released', async () => {
  const path = await folder();
  const lock = await lockFolder(path, first);
  await expect(lockFolder(path, second)).rejects.toThrow('process 11 on server-1, since 2026-11-28T08:00:00.000Z');
  lock.release();
  await lockFolder(path, second);
  await expect(lockFolder(path, first)).rejects.toThrow('process 12 on server-2');
});

test('a folder whose holder file is lost is locked all the same', async () => {
  const path = await folder();
  await lockFolder(path, first);
  await rm(join(path, 'control-plane.holder.json'));
  await expect(lockFolder(path, second)).rejects.toThrow('there is no such file');
});

test.runIf(process.getuid?.() === 0)(
  'a folder on a full disk is locked all the same, and the server can start',
  async () => {
    const path = await folder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]);
    onTestFinished(() => void execFileSync('umount', [path]));
    const before = await lockFolder(path, first);
    before.release();
    await writeFile(join(path, 'ballast'), Buffer.alloc(1 << 20)).catch(() => undefined);
    const lock = await lockFolder(path, second);
    await expect(lockFolder(path, second)).rejects.toThrow('Another control plane runs');
    lock.release();
  },
);
