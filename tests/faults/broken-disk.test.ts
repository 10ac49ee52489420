/**
 * A disk that turns read-only, that fails now and then, that is slow; and a machine without memory. The agent lives, the
 * application runs, and what the robot could not do it does when it can.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { LivingRobot } from '../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../scripts/local-fleet/wait-for.ts';
import { untilStep } from '../system/harness/on-disk.ts';
import { begin, deploy, endOf } from '../system/harness/orders.ts';
import { expectUp, type FaultyFleet, restart, test, untilOnline, untilTroubled } from './harness/faulty-fleet.ts';
import { isRoot } from './harness/small-disk.ts';
import { hasStrace, under } from './harness/strace.ts';

/** An ext4 of its own, which the kernel gives up writing to when it is told so, as after an error. */
function mountExt4(folder: string) {
  let image = `${folder}.img`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(image, '');
  truncateSync(image, 96 * 1024 * 1024);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  const mount = (): void => void execFileSync('mount', ['-o', 'loop', image, folder]);
  const unmount = (): void => void execFileSync('umount', [folder]);
  mount();
  return {
    turnReadOnly: (): void => void execFileSync('mount', ['-o', 'remount,abort', folder]),
    repair(): void {
      unmount();
      // Another test's mount namespace may keep the broken file system alive; a mount of the same image would join it.
      const broken = image;
      image = `${broken}.repaired`;
      copyFileSync(broken, image);
      rmSync(broken);
      try {
        execFileSync('e2fsck', ['-fy', image], { stdio: 'ignore' });
      } catch {
        // 1: it found what there was to repair.
      }
      mount();
    },
    unmount,
  };
}

test.runIf(isRoot)(
  'read-only, also through a start of the agent: the application runs, it is said, and it goes on after the repair',
  async ({ fleet }) => {
    const disk = mountExt4(join(fleet.folder, 'robots', 'duck-1', 'root'));
    const duck = await fleet.join({ name: 'duck-1' });
    onTestFinished(async () => {
      await duck.agent.stop();
      disk.unmount();
    });
    disk.turnReadOnly();
    const wanted = await begin(fleet, duck, 'walking@2.0.0');
    await untilTroubled(duck, 'io');
    await expectUp(duck, 'walking@1.0.0');
    // Also through a start of the agent, which finds nothing that it may write to.
    await restart(duck);
    await untilOnline(fleet, duck);
    await expectUp(duck, 'walking@1.0.0');
    await restart(duck, disk.repair);
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
  },
);

test.runIf(isRoot)(
  'read-only in the probation: nothing is committed to a disk that takes nothing, and after the repair it is',
  async ({ fleet }) => {
    const disk = mountExt4(join(fleet.folder, 'robots', 'drake-1', 'root'));
    const drake = await fleet.join({ name: 'drake-1' });
    onTestFinished(async () => {
      await drake.agent.stop();
      disk.unmount();
    });
    const wanted = await begin(fleet, drake, 'walking@2.0.0');
    await untilStep(drake, 'probation');
    disk.turnReadOnly();
    await untilTroubled(drake, 'io');
    await expectUp(drake, 'walking@2.0.0');
    await restart(drake, disk.repair);
    expect((await endOf(fleet, wanted)).view.state).toBe('succeeded');
    await expectUp(drake, 'walking@2.0.0');
  },
);

/** What the kernel answers, and how often: `N+M` is the N-th call and each M-th after it. */
const FAILURES = [
  ['fsync,fdatasync', 'error=EIO:when=3+5'],
  ['fsync,fdatasync', 'error=EIO:when=8+9'],
  ['pwrite64', 'error=EIO:when=2+6'],
  ['rename', 'error=EIO:when=2+4'],
] as const;

let swan: LivingRobot | undefined;
const theSwan = async (fleet: FaultyFleet): Promise<LivingRobot> => (swan ??= await fleet.join({ name: 'swan-1' }));

for (const [calls, how] of FAILURES) {
  test.runIf(hasStrace)(
    `${calls} with ${how}: no crash, the application runs, and the disk forgiven all is well`,
    async ({ fleet }) => {
      const robot = await theSwan(fleet);
      await robot.agent.stop();
      robot.agent = robot.start(under(calls, `inject=${calls}:${how}`));
      const before = (await waitFor('the application to answer', () => robot.health())).release;
      const [to, back] = before === 'walking@2.0.0' ? ['3.0.0', '2.0.0'] : ['2.0.0', '3.0.0'];
      const wanted = await begin(fleet, robot, `walking@${to}`);
      // It may wait for its disk for ever; it may not be without an application, nor give itself up.
      await pause(6_000);
      expect(robot.agent.alive()).toBe(true);
      expect([before, `walking@${to}`]).toContain(
        (await waitFor('the application to answer', () => robot.health())).release,
      );
      await restart(robot);
      const { view } = await endOf(fleet, wanted);
      process.stdout.write(`${calls} ${how}: ${view.state} ${view.refusal?.category ?? ''}\n`);
      await expectUp(robot, view.state === 'succeeded' ? `walking@${to}` : before);
      expect((await deploy(fleet, robot, `walking@${back}`)).view.state).toMatch(/succeeded|skipped/);
    },
  );
}

test.runIf(hasStrace)('a disk on which every fsync takes 100 ms: an update takes longer', async ({ fleet }) => {
  const robot = await theSwan(fleet);
  await robot.agent.stop();
  robot.agent = robot.start(under('fsync,fdatasync', 'inject=fsync,fdatasync:delay_exit=100000'));
  const begun = performance.now();
  expect((await deploy(fleet, robot, 'walking@1.0.0')).view.state).toBe('succeeded');
  process.stdout.write(`100 ms per fsync: an update in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  await expectUp(robot, 'walking@1.0.0');
  await restart(robot);
});

const MEMORY = '/sys/fs/cgroup/memory';
const hasMemoryLimit = isRoot && existsSync(join(MEMORY, 'memory.limit_in_bytes'));
if (!hasMemoryLimit) process.stdout.write('skipped: there is no memory controller of cgroup v1 here\n');

test.runIf(hasMemoryLimit)(
  'too little memory to test a release: it is refused or failed, and the old one works on',
  async ({ fleet }) => {
    const robot = await theSwan(fleet);
    const group = join(MEMORY, `fairlead-faults-${process.pid}`);
    mkdirSync(group);
    onTestFinished(async () => {
      await robot.agent.stop();
      await waitFor('the group to be empty', () => (rmdirSync(group), true));
    });
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(112 * 1024 * 1024));
    const limited = { under: ['sh', '-c', `echo $$ > ${group}/cgroup.procs; exec "$@"`, 'sh'] };
    await robot.agent.stop();
    robot.agent = robot.start(limited);
    const wanted = await begin(fleet, robot, 'walking@3.0.0');
    let starts = 1;
    const watch = setInterval(() => {
      // What a service manager does.
      if (robot.agent.alive() || starts > 5) return;
      starts += 1;
      robot.agent = robot.start(limited);
    }, 500);
    try {
      const { view } = await endOf(fleet, wanted, 90_000);
      process.stdout.write(
        `112 MiB for all: ${view.state} ${view.refusal?.category ?? ''}, ${starts} starts of the agent\n`,
      );
      expect(starts).toBeLessThanOrEqual(3);
      writeFileSync(join(group, 'memory.limit_in_bytes'), '-1');
      await expectUp(robot, view.state === 'succeeded' ? 'walking@3.0.0' : 'walking@1.0.0');
    } finally {
      clearInterval(watch);
    }
  },
);
