import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { test } from './harness/fleet.ts';
import { deploy, expectRunning } from './harness/orders.ts';

const root = process.getuid?.() === 0;
if (!root) process.stdout.write('skipped: a small disk can only be mounted as root\n');

test.runIf(root)(
  'a disk that is too small for a release refuses it before the first byte, and keeps the old one',
  async ({ fleet }) => {
    const disk = join(fleet.folder, 'robots', 'duck-1', 'root');
    await mkdir(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', disk]));
    const duck = await fleet.join({ name: 'duck-1' });
    await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
    expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');

    const ballast = randomBytes(16 * 1024 * 1024);
    await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 1, ballast });
    const { view } = await deploy(fleet, duck, 'walking@2.0.0');
    expect(view).toMatchObject({ state: 'rejected', refusal: { category: 'disk_full' } });
    expect(view.refusal?.hint).toBeTruthy();
    await expectRunning(duck, 'walking@1.0.0');
  },
);
