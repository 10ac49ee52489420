import { expect, test } from 'vitest';
import { file, makeFleetRepository } from './support/fleet-repository.ts';
import { makeRobot, refreshCode } from './support/robot.ts';

test('attack 6: a server that drips 10 bytes a second is given up on, and the next try may succeed', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  const text = file(repository, 'timestamp.json');
  robot.server.on.set('timestamp.json', (_request, response) => {
    let at = 0;
    const drip = setInterval(() => {
      response.write(text.slice(at, at + 1));
      at += 1;
    }, 100);
    response.on('close', () => clearInterval(drip));
  });
  expect(await refreshCode(robot)).toBe('slow');
  robot.server.on.clear();
  expect(await refreshCode(robot)).toBe('accepted');
});

test('attack 6: a server that accepts and then says nothing is given up on', async () => {
  const robot = await makeRobot(makeFleetRepository());
  robot.server.on.set('timestamp.json', () => undefined);
  expect(await refreshCode(robot)).toBe('slow');
});
