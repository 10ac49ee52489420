/** The agent is killed right before and right after every journal write of an update, and must come back well. */
import { expect, test } from 'vitest';
import { afterwards, cloneOf, live, type MortalRobot, newRobot } from './mortal-robot.ts';

const MOST_WRITES = 20;

/** Kills at each write until the update has no more; `check` is told where. */
async function killEverywhere(
  installed: MortalRobot,
  sick: readonly string[],
  check: (robot: MortalRobot, where: string) => Promise<void>,
): Promise<number> {
  const [, order] = installed.orders;
  for (let write = 1; write <= MOST_WRITES; write += 1) {
    const ends = await Promise.all(
      (['before', 'after'] as const).map(async (when) => {
        const robot = await cloneOf(installed);
        const end = await live(robot, { order, sick, killAt: { write, when } });
        if (end === 'killed') expect(await live(robot, { order, sick })).toBe('lived');
        await check(robot, `${when} write ${write}`);
        return end;
      }),
    );
    if (ends.includes('lived')) return write - 1;
  }
  throw new Error(`an update with more than ${MOST_WRITES} journal writes`);
}

async function withVersionOne(): Promise<MortalRobot> {
  const robot = await newRobot();
  expect(await live(robot, { order: robot.orders[0], sick: [] })).toBe('lived');
  return robot;
}

test('killed anywhere in a good update, the robot ends in the new release', async () => {
  const installed = await withVersionOne();
  const tests = new Map<string, number>();
  const writes = await killEverywhere(installed, [], async (robot, where) => {
    const { active, told, smokeTests } = await afterwards(robot, installed.orders[1].deployment);
    expect([active, told], where).toEqual(['2.0.0', ['succeeded']]);
    tests.set(where, smokeTests);
  });
  expect(writes).toBe(11);
  // Where the smoke test itself was interrupted it is repeated, and nowhere else.
  expect([...tests].filter(([, times]) => times !== 1)).toEqual([['before write 5', 2]]);
});

test('killed twice in its smoke test, the robot keeps the old release and says that the model may be the cause', async () => {
  const installed = await withVersionOne();
  const order = installed.orders[1];
  const robot = await cloneOf(installed);
  // The fourth write begins the smoke test; the first one of the next life begins it again.
  for (const write of [4, 1])
    expect(await live(robot, { order, sick: [], killAt: { write, when: 'after' } })).toBe('killed');
  expect(await live(robot, { order, sick: [] })).toBe('lived');
  expect(await afterwards(robot, order.deployment)).toMatchObject({ active: '1.0.0', told: ['failed'] });
});

test('killed anywhere while a sick release is given up, the robot ends in the old one', async () => {
  const installed = await withVersionOne();
  const writes = await killEverywhere(installed, ['2.0.0'], async (robot, where) => {
    const { active, told } = await afterwards(robot, installed.orders[1].deployment);
    expect(active, where).toBe('1.0.0');
    expect(told, where).toHaveLength(1);
    expect(['rolled-back', 'failed'], where).toContain(told[0]);
  });
  expect(writes).toBe(12);
});

test('killed anywhere in its first installation, the robot ends with the release', async () => {
  const fresh = await newRobot();
  const [order] = fresh.orders;
  for (let write = 1; write <= 11; write += 1) {
    const robot = await cloneOf(fresh);
    expect(await live(robot, { order, sick: [], killAt: { write, when: 'after' } })).toBe('killed');
    await live(robot, { order, sick: [] });
    const { active, told } = await afterwards(robot, order.deployment);
    expect([active, told], `after write ${write}`).toEqual(['1.0.0', ['succeeded']]);
  }
});

test('a robot that is killed at every single step, again and again, still comes to an end', async () => {
  const robot = await withVersionOne();
  const [, order] = robot.orders;
  let lives = 0;
  // Each life gets one journal write further than it was begun with: the second write of a life kills it.
  while ((await live(robot, { order, sick: [], killAt: { write: 2, when: 'after' } })) === 'killed') lives += 1;
  expect(lives).toBeLessThan(40);
  const { active, told } = await afterwards(robot, order.deployment);
  expect(told).toHaveLength(1);
  expect(active).toBe(told[0] === 'succeeded' ? '2.0.0' : '1.0.0');
});
