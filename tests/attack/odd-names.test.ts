import { describe, expect, test } from 'vitest';
import { LATER, makeFleetRepository, replaceRole, resign } from './support/fleet-repository.ts';
import { codeOf, makeHappyRobot, odd, refreshCode } from './support/robot.ts';

describe('attack 29: a name outside the allow-list is refused before any look-up', () => {
  test.each([
    'constructor',
    '__proto__',
    'toString',
    'releases/production/../../x.json',
    'releases/production/Duck.json',
    'releases/qa/x.json',
    'policy/production.json\n',
    '',
  ])('%j', async (name) => {
    const robot = await makeHappyRobot(makeFleetRepository());
    robot.server.asked.length = 0;
    expect(codeOf(await robot.store.lookup(odd(name)))).toBe('name');
    expect(robot.server.asked).toEqual([]);
  });
});

describe('a delegation with a pattern that minimatch reads more into', () => {
  test.each(['releases/{production,x}/*', '!policy/*', '**', '#x'])('%s is refused', async (pattern) => {
    const repository = makeFleetRepository();
    const robot = await makeHappyRobot(repository);
    const text = resign('targets', repository.head.targets, repository.signers.targets, (signed) => ({
      ...signed,
      version: 2,
      delegations: {
        ...signed.delegations,
        roles: signed.delegations?.roles.map((role) => ({ ...role, paths: [pattern] })),
      },
    }));
    replaceRole(repository, 'targets', text);
    expect(await refreshCode(robot, LATER)).toBe('name');
  });
});
