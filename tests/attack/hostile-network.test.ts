import { gzipSync } from 'node:zlib';
import { openTufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { expect, test } from 'vitest';
import {
  file,
  hashedPath,
  LATER,
  makeFleetRepository,
  publishTexts,
  RELEASE,
  RELEASE_TEXT,
} from './support/fleet-repository.ts';
import { serve } from './support/hostile-server.ts';
import { codeOf, makeHappyRobot, odd, refreshCode } from './support/robot.ts';

test('attack 60: a redirect of metadata to another host is not followed', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const elsewhere = await serve(repository.files);
  robot.server.on.set('timestamp.json', (_request, response) => {
    response.writeHead(302, { location: `${elsewhere.url}/timestamp.json` }).end();
  });
  expect(await refreshCode(robot, LATER)).toBe('redirect');
  expect(elsewhere.asked).toEqual([]);
});

test('attack 60: a redirect of a manifest is not followed, even to the right bytes', async () => {
  const repository = makeFleetRepository();
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  const elsewhere = await serve(repository.files);
  const path = hashedPath(RELEASE, RELEASE_TEXT);
  robot.server.on.set(path, (_request, response) => {
    response.writeHead(307, { location: `${elsewhere.url}/${path}` }).end();
  });
  const found = await robot.store.lookup(odd(RELEASE));
  expect(found.ok && codeOf(await robot.store.fetch(found.value))).toBe('redirect');
  expect(elsewhere.asked).toEqual([]);
});

test('attack 61: a compressed answer is refused undecoded', async () => {
  const robot = await makeHappyRobot(makeFleetRepository());
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
  robot.server.on.set('timestamp.json', (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  });
  expect(await refreshCode(robot, LATER)).toBe('encoding');
});

test('attack 61: compressed bytes without the header are no JSON', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  robot.server.on.set('timestamp.json', (_request, response) => {
    response.end(gzipSync(file(repository, 'timestamp.json')));
  });
  expect(await refreshCode(robot, LATER)).toBe('bad_json');
});

test('attack 62: a captive portal that answers everything with a page changes nothing', async () => {
  const repository = makeFleetRepository();
  const robot = await makeHappyRobot(repository);
  const before = robot.store.versions();
  robot.server.on.set('*', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel</html>');
  });
  expect(await refreshCode(robot, LATER)).toBe('bad_json');
  expect(robot.restart().versions()).toEqual(before);
});

test('a server that is gone is unavailable, and what was verified can still be looked up', async () => {
  const repository = makeFleetRepository();
  publishTexts(repository, 'production', { [RELEASE]: RELEASE_TEXT });
  const robot = await makeHappyRobot(repository);
  robot.server.on.set('*', (request) => void request.socket.destroy());
  expect(await refreshCode(robot, LATER)).toBe('unavailable');
  expect(codeOf(await robot.store.lookup(odd(RELEASE)))).toBe('accepted');
});

test('a robot whose root was never pinned trusts nobody', async () => {
  const server = await serve(makeFleetRepository().files);
  const store = openTufTrustStore({ file: ':memory:', baseUrl: server.url, builtAt: 0 });
  expect(codeOf(await store.refresh(LATER))).toBe('no_root');
  expect(server.asked).toEqual([]);
  store.close();
});
