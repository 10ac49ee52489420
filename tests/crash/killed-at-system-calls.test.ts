/**
 * The agent is killed at every kind of call that changes the disk, wherever in an update it makes it. The
 * tracer stops it before the n-th call of each kind has any effect. A sample by default; FAIRLEAD_CRASH=all
 * tries every point (minutes).
 */
import { spawnSync } from 'node:child_process';
import { JOURNEY } from '@fairlead/shared/update/journey';
import { expect, test } from 'vitest';
import { afterwards, cloneOf, live, newRobot } from './mortal-robot.ts';

/** What the agent changes a disk with, and how many points of each are tried by default. */
const CALLS = ['fsync', 'fdatasync', 'rename', 'symlink', 'unlink', 'mkdir'] as const;
const SAMPLE = 5;
const MOST_CALLS = 400;

const TRACER = 'strace';
const mayTrace = spawnSync(TRACER, ['-qq', '-o', '/dev/null', 'true']).status === 0;

test.skipIf(!mayTrace).each(CALLS)(
  'killed at any %s of an update, the robot ends well (needs strace with the right to trace)',
  async (call) => {
    const installed = await newRobot();
    const [first, order] = installed.orders;
    expect(await live(installed, { order: first, sick: [] })).toBe('lived');
    const stride = process.env['FAIRLEAD_CRASH'] === 'all' ? 1 : await strideOf(call, installed);
    let point = 1;
    for (; point <= MOST_CALLS; point += stride) {
      const robot = await cloneOf(installed);
      const end = await live(robot, { order, sick: [] }, killAt(call, point));
      if (end === 'lived') break;
      expect(await live(robot, { order, sick: [] })).toBe('lived');
      const { active, told, smokeTests } = await afterwards(robot, order.deployment);
      const where = `${call} ${point}`;
      expect([active, told], where).toEqual(['2.0.0', ['succeeded']]);
      expect(smokeTests, where).toBeLessThanOrEqual(JOURNEY['smoke-test'].starts);
    }
    expect(point).toBeGreaterThan(1);
  },
);

const killAt = (call: string, point: number): string[] => [
  'strace',
  '-f',
  '-qq',
  '-o',
  '/dev/null',
  '-e',
  `trace=${call}`,
  '-e',
  `inject=${call}:signal=KILL:when=${point}`,
];

/** Doubles until an update survives: then it has fewer calls than that in any one thread. */
async function strideOf(call: string, installed: Awaited<ReturnType<typeof newRobot>>): Promise<number> {
  for (let most = 8; most <= MOST_CALLS; most *= 2) {
    const robot = await cloneOf(installed);
    const [, order] = installed.orders;
    if ((await live(robot, { order, sick: [] }, killAt(call, most))) === 'lived') return Math.ceil(most / SAMPLE);
  }
  return Math.ceil(MOST_CALLS / SAMPLE);
}
