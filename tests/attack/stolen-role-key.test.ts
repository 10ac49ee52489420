import { expect, test } from 'vitest';
import {
  LATER,
  makeFleetRepository,
  publishTexts,
  RELEASE,
  RELEASE_TEXT,
  replaceRole,
  resign,
} from './support/fleet-repository.ts';
import { codeOf, makeHappyRobot, odd, refreshCode } from './support/robot.ts';

test('attack 20: targets signed with an online key is refused', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const thief = [repository.online.snapshot];
  replaceRole(
    repository,
    'targets',
    resign('targets', repository.head.targets, thief, (signed) => ({ ...signed, version: 2 })),
  );
  expect(await refreshCode(robot, LATER)).toBe('threshold');
});

test('attack 21: the development key cannot sign for production', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const thief = repository.signers.development;
  const evil = resign('targets', repository.head.roles.production, thief, (signed) => ({ ...signed, version: 2 }));
  replaceRole(repository, 'production', evil);
  expect(await refreshCode(robot, LATER)).toBe('threshold');
});

test('attack 22: a production release that the development key lists is not found', async () => {
  const repository = makeFleetRepository();
  publishTexts(repository, 'development', { [RELEASE]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  expect(codeOf(await robot.store.lookup(odd(RELEASE)))).toBe('not_found');
});

test('attack 23: a development release is refused on a production robot before anything is asked', async () => {
  const repository = makeFleetRepository();
  const name = RELEASE.replace('production', 'development');
  publishTexts(repository, 'development', { [name]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  robot.server.asked.length = 0;
  expect(codeOf(await robot.store.lookup(odd(name)))).toBe('wrong_env');
  expect(robot.server.asked).toEqual([]);
});

test('a production role may need two signers, and one is not enough', async () => {
  const repository = makeFleetRepository({ production: 2 });
  const robot = await makeHappyRobot(repository);
  const [first] = repository.signers.production;
  if (!first) throw new TypeError('two signers were meant');
  replaceRole(
    repository,
    'production',
    resign('targets', repository.head.roles.production, [first], (signed) => ({ ...signed, version: 2 })),
  );
  expect(await refreshCode(robot, LATER)).toBe('threshold');
});
