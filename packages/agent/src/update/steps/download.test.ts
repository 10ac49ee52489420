/** The download as the robot lives it: what the server does, and what the robot makes of it. */
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { BlobReply } from '../../download/blob-source.ts';
import { cutAfter, reply } from '../testing/memory-blobs.ts';
import { testRobot } from '../testing/test-robot.ts';

const NOISE = Uint8Array.from({ length: 20_000 }, (_, at) => ((at * 48_271) % 251) ^ (at >> 5));
const noisy = [{ path: 'noise.bin', content: NOISE }];

test('a server that answers the rest with the whole is taken at its word, from the first byte', async () => {
  const robot = await testRobot();
  robot.blobs.moods.push(cutAfter(2000), (request, honest) => {
    const blob = robot.blobs.blobs.get(request.sha256) ?? new Uint8Array();
    return request.from > 0 ? reply(200, { etag: '"other"', 'content-length': String(blob.length) }, blob) : honest();
  });
  await robot.updater.offer(await robot.release('1.0.0', {}, noisy));
  expect(robot.ends()).toEqual(['succeeded']);
});

test('the tag under which the first bytes came goes along with the question for the rest', async () => {
  const robot = await testRobot();
  robot.blobs.moods.push(cutAfter(2000));
  const order = await robot.release('1.0.0', {}, noisy);
  await robot.updater.offer(order);
  expect(robot.blobs.requests[1]).toMatchObject({ from: 2000, ifRange: `"${order.manifest.bundle.sha256}"` });
});

test('a server that is busy is asked again no sooner than it said', async () => {
  const robot = await testRobot();
  robot.blobs.moods.push(() => reply(503, { 'retry-after': '40' }));
  await robot.updater.offer(await robot.release('1.0.0', { probation: { seconds: 0 } }));
  expect(robot.ends()).toEqual(['succeeded']);
  expect(robot.time.elapsed).toBeGreaterThanOrEqual(40_000);
});

test('a blob the server has lost ends the download at once', async () => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  robot.blobs.blobs.clear();
  await robot.updater.offer(order);
  expect(robot.ends()).toEqual(['failed: not_found']);
  expect(robot.blobs.requests).toHaveLength(1);
});

test('a server that never answers is given up after a day, not before', async () => {
  const robot = await testRobot({ blobs: { get: () => Promise.reject(new Error('ECONNREFUSED')) } });
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.ends()).toEqual(['failed: out_of_retries']);
  expect(robot.time.elapsed).toBeGreaterThan(15 * 3600 * 1000);
});

test('a captive portal is not asked for ever', async () => {
  const robot = await testRobot({ blobs: { get: async () => reply(302, { location: 'http://portal.example/' }) } });
  await robot.updater.offer(await robot.release('1.0.0'));
  expect(robot.ends()).toEqual(['failed: redirect']);
});

test('endless data stops at the size that was signed', async () => {
  const robot = await testRobot();
  let sent = 0;
  robot.blobs.moods.push(
    (): BlobReply => ({
      status: 200,
      // Without a length, only an answer that names its blob is read at all.
      headers: { etag: '"noisy"' },
      body: (async function* () {
        for (;;) {
          sent += 1000;
          yield new Uint8Array(1000);
        }
      })(),
    }),
  );
  const order = await robot.release('1.0.0', {}, noisy);
  await robot.updater.offer(order);
  expect(robot.ends()).toEqual(['rejected: length']);
  expect(sent).toBeLessThan(order.manifest.bundle.size + 2000);
  expect(await readdir(robot.layout.downloads)).toEqual([]);
});

test('a server that falls silent is left after the idle time, and what came is kept', async () => {
  const robot = await testRobot({ pace: { idleMs: 50, floorBytesPerSec: 0, floorOverMs: 60_000 } });
  robot.blobs.moods.push((_request, honest) => ({ ...honest(), body: thenSilence(honest().body) }));
  await robot.updater.offer(await robot.release('1.0.0', {}, noisy));
  expect(robot.ends()).toEqual(['succeeded']);
  expect(robot.blobs.requests.map(({ from }) => from)).toEqual([0, 1000]);
});

test('a server that dribbles is left once a whole minute was too slow', async () => {
  const robot = await testRobot({ pace: { idleMs: 1000, floorBytesPerSec: 100, floorOverMs: 60_000 } });
  robot.blobs.moods.push((_request, honest) => ({
    ...honest(),
    body: dribble(honest().body, () => (robot.time.elapsed += 20_000)),
  }));
  await robot.updater.offer(await robot.release('1.0.0', {}, noisy));
  expect(robot.ends()).toEqual(['succeeded']);
  expect(robot.blobs.requests.length).toBe(2);
});

test('a metered link is not filled beyond its limit', async () => {
  const robot = await testRobot({
    pace: { idleMs: 1000, floorBytesPerSec: 0, floorOverMs: 60_000, maxBytesPerSec: 1000 },
  });
  const order = await robot.release('1.0.0', { probation: { seconds: 0 } }, noisy);
  await robot.updater.offer(order);
  const seconds = robot.time.elapsed / 1000;
  expect(seconds).toBeGreaterThan(order.manifest.bundle.size / 1000 - 2);
  expect(seconds).toBeLessThan(order.manifest.bundle.size / 1000 + 2);
});

async function* thenSilence(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) {
    yield chunk;
    await new Promise(() => {});
  }
}
async function* dribble(body: AsyncIterable<Uint8Array>, pass: () => void): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of body) {
    pass();
    yield chunk;
  }
}
