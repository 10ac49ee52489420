import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { file, makeFleetRepository, resign } from './support/fleet-repository.ts';
import { makeRobot, refreshCode } from './support/robot.ts';

function sendForEver(response: ServerResponse, sent: { bytes: number }): void {
  const pump = () => {
    while (!response.destroyed && response.write(Buffer.alloc(16 * 1024, 0x20))) sent.bytes += 16 * 1024;
  };
  response.on('drain', pump);
  pump();
}

test.each(['2.root.json', 'timestamp.json'])('attack 3: %s that never ends is cut off', async (path) => {
  const robot = await makeRobot(makeFleetRepository());
  const sent = { bytes: 0 };
  robot.server.on.set(path, (_request, response) => sendForEver(response, sent));
  expect(await refreshCode(robot)).toBe('too_long');
  expect(sent.bytes).toBeLessThan(16 * 1024 * 1024);
});

test('attack 4: a timestamp of 20 KB is not even read', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  repository.files.set('timestamp.json', file(repository, 'timestamp.json') + ' '.repeat(20 * 1024));
  expect(await refreshCode(robot)).toBe('too_long');
});

test('attack 5: an online key that declares 5 GB for a role does not get the robot to take them', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  const snapshot = resign('snapshot', file(repository, '1.snapshot.json'), [repository.online.snapshot], (signed) => ({
    ...signed,
    meta: { ...signed.meta, 'targets.json': { version: 1, length: 5_000_000_000 } },
  }));
  const timestamp = resign(
    'timestamp',
    file(repository, 'timestamp.json'),
    [repository.online.timestamp],
    (signed) => ({
      ...signed,
      meta: { 'snapshot.json': { version: 1 } },
    }),
  );
  repository.files.set('1.snapshot.json', snapshot).set('timestamp.json', timestamp);
  const sent = { bytes: 0 };
  robot.server.on.set('1.targets.json', (_request, response) => sendForEver(response, sent));
  expect(await refreshCode(robot)).toBe('too_long');
  expect(sent.bytes).toBeLessThan(16 * 1024 * 1024);
});

test('attack 3: a role longer than the snapshot says is refused by its length', async () => {
  const repository = makeFleetRepository();
  const robot = await makeRobot(repository);
  repository.files.set('1.targets.json', `${file(repository, '1.targets.json')} `);
  expect(await refreshCode(robot)).toBe('length');
});
