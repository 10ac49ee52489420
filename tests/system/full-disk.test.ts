import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { expect, onTestFinished } from 'vitest';
import { publishRelease } from '../../scripts/local-fleet/local-fleet.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { test } from './harness/fleet.ts';
import { begin, deploy, endOf, expectRunning } from './harness/orders.ts';

const root = process.getuid?.() === 0;
if (!root) process.stdout.write('skipped: a small disk can only be mounted as root\n');

test.runIf(root)(
  'a robot whose disk is too small waits before the first byte, says so, and takes what fits',
  async ({ fleet }) => {
    const disk = join(fleet.folder, 'robots', 'duck-1', 'root');
    await mkdir(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk]);
    const duck = await fleet.join({ name: 'duck-1' });
    onTestFinished(async () => {
      await duck.agent.stop();
      execFileSync('umount', [disk]);
    });
    await publishRelease(fleet, { version: '1.0.0', policy: { seed: 1 }, probationSec: 1 });
    expect((await deploy(fleet, duck, 'walking@1.0.0')).view.state).toBe('succeeded');

    const ballast = randomBytes(24 * 1024 * 1024);
    await publishRelease(fleet, { version: '2.0.0', policy: { seed: 2 }, probationSec: 1, ballast });
    const tooLarge = await begin(fleet, duck, 'walking@2.0.0');
    const explained = await waitFor('the robot to say that its disk is too small', async () => {
      const explanation = await fleet.api.explainRobot({ params: { robot: duck.name as RobotId } });
      return explanation.refusal?.category === 'disk_full' ? explanation : undefined;
    });
    expect(explained).toMatchObject({ blocked: true, unblock: expect.stringContaining('Free space') });
    expect(fleet.network.exchanges.filter(({ path }) => path.startsWith('/blobs/'))).toHaveLength(1);
    await expectRunning(duck, 'walking@1.0.0');

    expect((await fleet.fairlead('deployment', 'cancel', tooLarge.deployment)).exitCode).toBe(0);
    expect((await endOf(fleet, tooLarge)).view.state).toBe('cancelled');
    await publishRelease(fleet, { version: '3.0.0', policy: { seed: 3 }, probationSec: 1 });
    expect((await deploy(fleet, duck, 'walking@3.0.0')).view.state).toBe('succeeded');
  },
);
