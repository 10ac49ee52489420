import { expect, test } from 'vitest';
import { file, makeFleetRepository, NOW } from './support/fleet-repository.ts';
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
  const dripped = await robot.store.refresh(NOW);
  expect(dripped).toMatchObject({ ok: false, refused: { code: 'slow', retryable: true } });
  // By its rate, after the grace, and not only by the deadline of 20 s.
  expect(!dripped.ok && dripped.refused.detail).toMatch(/bytes in [5-9][0-9]{3} ms/);
  robot.server.on.clear();
  expect(await refreshCode(robot)).toBe('accepted');
});

test('attack 6: a server that accepts and then says nothing is given up on', async () => {
  const robot = await makeRobot(makeFleetRepository());
  robot.server.on.set('timestamp.json', () => undefined);
  expect(await refreshCode(robot)).toBe('slow');
});
