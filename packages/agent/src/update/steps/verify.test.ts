import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { begin } from '@fairlead/shared/update/journey';
import { expect, test } from 'vitest';
import { standingOrders } from '../standing-order.ts';
import { testRobot } from '../testing/test-robot.ts';
import { verify } from './verify.ts';

test.each([
  ['of the right length but other bytes', (sound: Uint8Array) => sound.map((byte) => byte ^ 1), 'hash'],
  ['that lacks its end', (sound: Uint8Array) => sound.subarray(1), 'hash'],
])('a blob %s is refused and gone, so that nothing is resumed from it', async (_what, bend, category) => {
  const robot = await testRobot();
  const order = await robot.release('1.0.0');
  const { sha256 } = order.manifest.bundle;
  const folder = await robot.folder();
  await folder.saveManifest(order.candidate, order.manifestBytes);
  await mkdir(robot.layout.downloads);
  await writeFile(robot.layout.part(sha256), bend(robot.blobs.blobs.get(sha256) ?? new Uint8Array()));
  const step = verify({ layout: robot.layout, folderOf: () => robot.folder() });
  const result = await step({
    journal: begin(order, undefined, 0),
    signal: new AbortController().signal,
    progress: () => {},
    waits: () => {},
    order: standingOrders().of(order.deployment),
  });
  expect(result).toMatchObject({ ok: false, refused: { category } });
  expect(await readdir(robot.layout.downloads)).toEqual([]);
});
