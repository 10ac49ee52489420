/** On real file systems, small enough to be filled. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { diskCheck } from './disk-space.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('skipped: a small disk can only be mounted as root\n');
const MIB = 1024 * 1024;

async function smallDisk(options: string) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  onTestFinished(async () => {
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });
  return { holds: 'the database', folder, remedy: 'free space in the data folder' };
}

test.runIf(isRoot)(
  'a disk of which 5 % are free no more is red while a write still succeeds, and says what to do',
  async () => {
    const disk = await smallDisk('size=40m');
    expect(await diskCheck(disk)()).toEqual({ ok: true, detail: 'the disk of the database has 40 MiB free of 40 MiB' });
    await writeFile(join(disk.folder, 'ballast'), Buffer.alloc(39 * MIB));
    await writeFile(join(disk.folder, 'more'), Buffer.alloc(MIB / 2));
    expect(await diskCheck(disk)()).toEqual({
      ok: false,
      detail: 'the disk of the database has 0 MiB free of 40 MiB, 2 MiB are needed: free space in the data folder',
    });
    await rm(join(disk.folder, 'ballast'));
    expect(await diskCheck(disk)()).toMatchObject({ ok: true });
  },
);

test.runIf(isRoot)('a disk without inodes is red, whatever space it has', async () => {
  const disk = await smallDisk('size=40m,nr_inodes=200');
  expect(await diskCheck(disk)()).toMatchObject({ ok: true });
  const { ffree } = await statfs(disk.folder);
  for (let n = 1; n < ffree; n += 1) await writeFile(join(disk.folder, `file-${n}`), '');
  const { ok, detail } = await diskCheck(disk)();
  expect([ok, detail]).toEqual([false, expect.stringMatching(/has 1 inodes free of 200, 2 are needed: free space/)]);
});

test.runIf(isRoot)('a disk that became read-only is red, whatever figures it shows', async () => {
  const disk = await smallDisk('size=40m');
  execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
  expect(await diskCheck(disk)()).toMatchObject({
    ok: false,
    detail: expect.stringContaining('takes no file (EROFS)'),
  });
});

test.runIf(isRoot)('readiness is 503 while the disk of the database is nearly full', async () => {
  const disk = await smallDisk('size=40m');
  const { app, clock } = await testControlPlane({ disks: [disk] });
  expect((await app.inject('/health/ready')).json()).toMatchObject({
    checks: { 'disk of the database': { ok: true } },
  });
  await writeFile(join(disk.folder, 'ballast'), Buffer.alloc(39 * MIB));
  clock.pass(10_000);
  const red = await app.inject('/health/ready');
  expect([red.statusCode, red.json()]).toMatchObject([503, { checks: { 'disk of the database': { ok: false } } }]);
});
