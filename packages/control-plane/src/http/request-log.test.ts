import { expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testRobot } from '../testing/test-robot.ts';

test('a check-in that went well is told to whoever debugs; an enrolment, and a check-in gone wrong, to everybody', async () => {
  const controlPlane = await testControlPlane();
  const robot = testRobot(controlPlane, 'duck-1');
  await robot.enrol();
  await robot.checkIn();
  await expect(robot.checkIn({ nonce: 'too short' })).rejects.toThrow();
  const lines = controlPlane.log.map((line) => JSON.parse(line) as { level: number; path?: string; status?: number });
  const told = lines.filter(({ path }) => path !== undefined).map(({ level, path, status }) => [level, path, status]);
  expect(told).toEqual([
    [30, '/api/v1/robots/enrol', 201],
    [20, '/api/v1/robots/duck-1/check-in', 200],
    [30, '/api/v1/robots/duck-1/check-in', 400],
  ]);
});
