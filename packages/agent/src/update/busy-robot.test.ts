import { accept, type Refusal, refuse } from '@fairlead/shared/failure';
import { MINUTE } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { testRobot } from './testing/test-robot.ts';

const verdict = (category: string): Refusal => ({
  phase: 'smoke-test',
  element: 'policy.onnx',
  category,
  detail: 'It got only 0.3 s of processor time.',
  retryable: true,
  hint: '',
});
/** A robot whose smoke tests end in these categories, one after the other, and then pass. */
async function robotWith(...categories: readonly string[]) {
  const left = [...categories];
  let tests = 0;
  const robot = await testRobot({
    runSmokeTests: async () => {
      tests += 1;
      const category = left.shift();
      return category === undefined ? accept({ models: [], commands: [] }) : refuse(verdict(category));
    },
  });
  await robot.updater.offer(await robot.release('1.0.0'));
  return { robot, tests: () => tests };
}

test('a robot that was too busy to test a model tests it again later, and adopts it', async () => {
  const { robot, tests } = await robotWith('machine_busy', 'machine_busy');
  expect(robot.ends()).toEqual(['succeeded']);
  expect(tests()).toBe(3);
  expect(robot.time.elapsed).toBeGreaterThanOrEqual(6 * MINUTE);
});

test('a robot that stays too busy ends the update as failed, not as rejected, and takes the release when ordered again', async () => {
  const { robot, tests } = await robotWith('machine_busy', 'machine_busy', 'machine_busy');
  expect(robot.ends()).toEqual(['failed: machine_busy']);
  expect(tests()).toBe(3);
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.ends()).toEqual(['failed: machine_busy', 'succeeded']);
});

test.each(['timed_out', 'too_slow'])(
  'a model that is %s in processor time is not tested again by itself; the update can be ordered again',
  async (category) => {
    const { robot, tests } = await robotWith(category);
    expect(robot.ends()).toEqual([`failed: ${category}`]);
    expect(tests()).toBe(1);
  },
);
