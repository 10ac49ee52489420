/** What is found before anything stops: units that could not be started again, state that is the agent's own. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DUCK, testRobot } from './testing/test-robot.ts';

test.each([
  ['of the candidate', { services: ['duck'] }, 'check duck'],
  ['that only the running release has', { services: ['arm'] }, 'check duck'],
])(
  'a unit %s that was masked since the order was considered is found before anything stops',
  async (_whose, sections, masked) => {
    const robot = await testRobot();
    await robot.updater.offer(await robot.release('1.0.0'));
    const order = await robot.release('2.0.0', sections);
    robot.services.log.length = 0;
    robot.permission.ask = async () => {
      robot.services.refuses.add(masked);
      return { granted: true };
    };
    await robot.updater.offer(order);
    expect(robot.ends().at(-1)).toBe('failed: no_service');
    expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
    expect([robot.services.log, [...robot.services.running]]).toEqual([[], ['duck']]);
  },
);

test('a roll-back by hand to a release whose unit is masked is refused, and nothing stops', async () => {
  const robot = await testRobot();
  for (const version of ['1.0.0', '2.0.0']) await robot.updater.offer(await robot.release(version));
  robot.services.log.length = 0;
  robot.services.refuses.add('check duck');
  expect(await robot.updater.rollBackLocally(DUCK, 'ann')).toMatchObject({ refused: { category: 'no_service' } });
  expect([robot.services.log, await robot.slots()]).toMatchObject([[], { active: '2.0.0' }]);
});

test('a release that declares state in the agent’s own folder is refused before anything is fetched', async () => {
  const robot = await testRobot();
  for (const path of [join(robot.root, 'identity'), robot.root]) {
    await robot.updater.offer(await robot.release('2.0.0', { state: { backup: [path] } }));
    expect(robot.ends().at(-1)).toBe('rejected: state_path');
  }
  expect(robot.services.log).toEqual([]);
});
