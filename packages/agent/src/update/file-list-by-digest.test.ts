/** A release that names its files by digest: the list is fetched, compared and kept before a byte of the release is used. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileListReference } from '@fairlead/shared/release/file-list';
import { identify, manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { withListByDigest } from '@fairlead/shared/release/testing/sample-manifest';
import { describe, expect, test } from 'vitest';
import type { VerifiedOrder } from '../poll/verified-order.ts';
import { cutAfter, reply } from './testing/memory-blobs.ts';
import { DUCK, type TestRobot, testRobot } from './testing/test-robot.ts';

/** A release on the server whose manifest names its files by digest; `bend` is what the server serves as the list. */
async function release(robot: TestRobot, version: string, bend = (list: Uint8Array) => list): Promise<VerifiedOrder> {
  const order = await robot.release(version);
  const { files } = order.manifest;
  if (!files) throw new Error('the sample holds its files');
  const { manifest, list } = withListByDigest({ ...order.manifest, files });
  robot.blobs.blobs.set(manifest.fileList.sha256, bend(list));
  return signed(order, manifest);
}

function signed(order: VerifiedOrder, manifest: VerifiedOrder['manifest']): VerifiedOrder {
  const bytes = manifestBytes(manifest);
  const candidate = { ...order.candidate, ...identify(manifest, bytes) };
  return { ...order, manifest, manifestBytes: bytes, candidate };
}

const listFile = (robot: TestRobot, { candidate }: VerifiedOrder) =>
  robot.layout.component(DUCK).fileList(candidate.manifestSha256);

test('a robot installs it, measures it, and goes back to it', async () => {
  const robot = await testRobot();
  const [first, second] = [await release(robot, '1.0.0'), await release(robot, '2.0.0')];
  await robot.updater.offer(first);
  await robot.updater.offer(second);
  expect(robot.ends()).toEqual(['succeeded', 'succeeded']);
  expect(await robot.updater.verifyActive()).toMatchObject([{ version: '2.0.0', measured: { ok: true } }]);
  expect((await robot.updater.rollBackLocally(DUCK, 'a test')).ok).toBe(true);
  expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
  expect(await readdir(robot.layout.downloads)).toEqual([]);
});

test('the list is asked for before the bundle, and a line that drops is resumed', async () => {
  const robot = await testRobot();
  const order = await release(robot, '1.0.0');
  robot.blobs.moods.push(cutAfter(100));
  await robot.updater.offer(order);
  expect(robot.ends()).toEqual(['succeeded']);
  const { fileList, bundle } = order.manifest;
  const asked = robot.blobs.requests.map(({ sha256, from }) => [sha256, from]);
  expect(asked).toEqual([
    [fileList?.sha256, 0],
    [fileList?.sha256, 100],
    [bundle.sha256, 0],
  ]);
});

test('its list goes with it when no link names the release any more', async () => {
  const robot = await testRobot();
  const orders = [await release(robot, '1.0.0'), await release(robot, '2.0.0'), await release(robot, '3.0.0')];
  for (const order of orders) await robot.updater.offer(order);
  await robot.restarted().recover();
  const kept = await readdir(robot.layout.component(DUCK).manifests);
  expect(kept.filter((name) => name.endsWith('.files.json'))).toHaveLength(2);
});

describe('nothing of the release is unpacked, and what runs goes on, where the list', () => {
  async function endOf(make: (robot: TestRobot) => Promise<VerifiedOrder>) {
    const robot = await testRobot();
    await robot.updater.offer(await release(robot, '1.0.0'));
    await robot.updater.offer(await make(robot));
    expect(await robot.slots()).toMatchObject({ active: '1.0.0', staged: undefined });
    expect(await readdir(robot.layout.component(DUCK).releases)).toHaveLength(1);
    expect(await readdir(robot.layout.downloads)).toEqual([]);
    return robot.ends().at(-1);
  }
  test('has other bytes than were signed', async () => {
    const other = (list: Uint8Array) => list.map((byte, at) => (at === 30 ? byte ^ 1 : byte));
    expect(await endOf((robot) => release(robot, '2.0.0', other))).toMatch(/^(failed|rejected): hash$/);
  });
  test('never ends', async () => {
    const end = await endOf(async (robot) => {
      const order = await release(robot, '2.0.0');
      robot.blobs.moods.push(() => reply(200, { etag: '"list"' }, new Uint8Array(100_000)));
      return order;
    });
    expect(end).toMatch(/^(failed|rejected): length$/);
  });
  test('is not on the server', async () => {
    const end = await endOf(async (robot) => {
      const order = await release(robot, '2.0.0');
      robot.blobs.blobs.delete(order.manifest.fileList?.sha256 ?? order.manifest.bundle.sha256);
      return order;
    });
    expect(end).toMatch(/^(failed|rejected): /);
  });
  test('names more files than were signed', async () => {
    const end = await endOf(async (robot) => {
      const order = await release(robot, '2.0.0');
      const { fileList } = order.manifest;
      if (!fileList) throw new Error('the release names its files by digest');
      return signed(order, { ...order.manifest, fileList: { ...fileList, count: fileList.count + 1 } });
    });
    expect(end).toMatch(/^(failed|rejected): bad_file_list$/);
  });
  test('climbs out of the release', async () => {
    const end = await endOf(async (robot) => {
      const order = await release(robot, '2.0.0');
      const files = order.manifest.files ?? [];
      const text = JSON.stringify({
        schema: 'fairlead.files.v1',
        files: [...files].map((file) => ({ ...file, path: `../${file.path}` })),
      });
      const list = Buffer.from(text);
      const fileList = fileListReference(files, list);
      robot.blobs.blobs.set(fileList.sha256, list);
      return signed(order, { ...order.manifest, fileList });
    });
    expect(end).toMatch(/^(failed|rejected): bad_file_list$/);
  });
});

describe('a robot whose disk lost the list of what it runs', () => {
  async function robotWithoutList(damage: (file: string) => Promise<void>) {
    const robot = await testRobot();
    const order = await release(robot, '1.0.0');
    await robot.updater.offer(order);
    await damage(listFile(robot, order));
    return { robot, order };
  }
  test.each([
    ['whole', (file: string) => rm(file)],
    [
      'in one bit',
      async (file: string) =>
        writeFile(
          file,
          (await readFile(file)).map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
        ),
    ],
  ])('%s fetches it again before the next update', async (_how, damage) => {
    const { robot } = await robotWithoutList(damage);
    expect(await robot.updater.verifyActive()).toMatchObject([{ measured: { ok: false } }]);
    await robot.updater.offer(await release(robot, '2.0.0'));
    expect(robot.ends().at(-1)).toBe('succeeded');
    expect(await robot.slots()).toMatchObject({ active: '2.0.0', previous: '1.0.0' });
  });
  test('is not switched where the server lacks it too, and what runs goes on', async () => {
    const { robot, order } = await robotWithoutList((file) => rm(file));
    const next = await release(robot, '2.0.0');
    robot.blobs.blobs.delete(order.manifest.fileList?.sha256 ?? order.manifest.bundle.sha256);
    await robot.updater.offer(next);
    expect(robot.ends().at(-1)).toBe('failed: parachute_damaged');
    expect(await robot.slots()).toMatchObject({ active: '1.0.0' });
    expect([...robot.services.running]).toEqual(['duck']);
  });
});
