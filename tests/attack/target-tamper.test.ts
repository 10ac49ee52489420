import { expect, test } from 'vitest';
import { hashedPath, makeFleetRepository, publishTexts, RELEASE, RELEASE_TEXT } from './support/fleet-repository.ts';
import { codeOf, makeHappyRobot, odd, type Robot } from './support/robot.ts';

const published = () => {
  const repository = makeFleetRepository();
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  return repository;
};
async function fetchRelease(robot: Robot) {
  const found = await robot.store.lookup(odd(RELEASE));
  return found.ok ? robot.store.fetch(found.value) : found;
}

test('a robot reads a listed release as it was signed', async () => {
  const robot = await makeHappyRobot(published());
  const fetched = await fetchRelease(robot);
  expect(fetched.ok && Buffer.from(fetched.value).toString()).toBe(RELEASE_TEXT);
});

test('attack 1: a manifest changed on its way is refused by its digest', async () => {
  const repository = published();
  const robot = await makeHappyRobot(repository);
  repository.files.set(hashedPath(RELEASE, RELEASE_TEXT), RELEASE_TEXT.replace('manifest', 'mAnifest'));
  expect(codeOf(await fetchRelease(robot))).toBe('hash');
});

test('attack 1: a manifest cut short is refused by its length', async () => {
  const repository = published();
  const robot = await makeHappyRobot(repository);
  repository.files.set(hashedPath(RELEASE, RELEASE_TEXT), RELEASE_TEXT.slice(0, -1));
  expect(codeOf(await fetchRelease(robot))).toBe('length');
});

test('attack 3: a manifest that never ends costs its signed length and no more', async () => {
  const repository = published();
  const robot = await makeHappyRobot(repository);
  let sent = 0;
  robot.server.on.set(hashedPath(RELEASE, RELEASE_TEXT), (_request, response) => {
    const pump = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1024))) sent += 1024;
    };
    response.on('drain', pump);
    pump();
  });
  expect(codeOf(await fetchRelease(robot))).toBe('length');
  expect(sent).toBeLessThan(16 * 1024 * 1024);
});

test('attack 49: a revoked release is not found any more', async () => {
  const repository = published();
  const robot = await makeHappyRobot(repository);
  publishTexts(repository, 'production', {}, { remove: [RELEASE] });
  await robot.store.refresh(Date.UTC(2026, 10, 21, 10));
  expect(codeOf(await fetchRelease(robot))).toBe('not_found');
});
