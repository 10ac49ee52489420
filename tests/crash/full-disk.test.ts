/** The disk fills up in the middle of an update, after all questions were answered well. Mounting needs root. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { DUCK, type TestRobot, testRobot } from '@fairlead/agent/update/testing/test-robot';
import { expect, onTestFinished, test } from 'vitest';

const MIB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('skipped: a small disk can only be mounted as root\n');

async function onSmallDisk(): Promise<TestRobot> {
  const robot = await testRobot();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', robot.root]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', robot.root]));
  await robot.updater.offer(await robot.release('1.0.0'));
  return robot;
}

test.runIf(isRoot).each([
  ['downloading', randomBytes(4 * MIB)],
  ['unpacking', Buffer.alloc(4 * MIB)],
])(
  'a disk that fills up while %s ends the update with a reason, and its room is free again',
  async (_when, content) => {
    const robot = await onSmallDisk();
    await robot.updater.offer(await robot.release('2.0.0', {}, [{ path: 'ballast.bin', content }]));
    expect(robot.ends()).toEqual(['succeeded', 'failed: disk_full']);
    expect(await robot.slots()).toEqual({ active: '1.0.0', previous: undefined, staged: undefined });
    expect([...robot.services.running]).toEqual(['duck']);
    expect(await readdir(robot.layout.downloads)).toEqual([]);
    expect(await readdir(robot.layout.component(DUCK).releases)).toHaveLength(1);
  },
);

test.runIf(isRoot)('after somebody made room the same release is adopted', async () => {
  const robot = await onSmallDisk();
  const order = await robot.release('2.0.0', {}, [{ path: 'ballast.bin', content: Buffer.alloc(4 * MIB) }]);
  await robot.updater.offer(order);
  execFileSync('mount', ['-o', 'remount,size=16m', robot.root]);
  await robot.updater.offer({ ...order, deployment: (await robot.release('9.9.9')).deployment });
  expect(robot.ends().at(-1)).toBe('succeeded');
});
