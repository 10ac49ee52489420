import { expect, test } from 'vitest';
import { LATER, makeFleetRepository, replaceRole, resign } from './support/fleet-repository.ts';
import { makeHappyRobot, refreshCode } from './support/robot.ts';

const withReleases = (count: number) => {
  const repository = makeFleetRepository();
  const entry = { length: 1, hashes: { sha256: 'a'.repeat(64) }, custom: { note: 'x'.repeat(150) } };
  const releases = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`releases/production/r-${at}.0.0.json`, entry]),
  );
  return { repository, releases };
};

test('attack 35: a role of 5000 releases is refused by its size before anything quadratic sees it', async () => {
  const { repository, releases } = withReleases(5000);
  const robot = await makeHappyRobot(repository);
  replaceRole(
    repository,
    'production',
    resign('targets', repository.head.roles.production, repository.signers.production, (signed) => ({
      ...signed,
      version: 2,
      targets: { ...signed.targets, ...releases },
    })),
  );
  expect(await refreshCode(robot, LATER)).toBe('too_long');
});

test('a role of 200 releases is read', async () => {
  const { repository, releases } = withReleases(200);
  const robot = await makeHappyRobot(repository);
  replaceRole(
    repository,
    'production',
    resign('targets', repository.head.roles.production, repository.signers.production, (signed) => ({
      ...signed,
      version: 2,
      targets: { ...signed.targets, ...releases },
    })),
  );
  expect(await refreshCode(robot, LATER)).toBe('accepted');
});
