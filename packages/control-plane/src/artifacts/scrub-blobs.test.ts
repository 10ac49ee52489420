import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testPublisher } from '../testing/test-publisher.ts';
import { openFolderArtifactStore } from './folder-artifact-store.ts';
import { reportDamagedBlob } from './report-damaged-blob.ts';
import { scrubOnce } from './scrub-blobs.ts';

const log = { error: () => undefined } as unknown as Parameters<typeof reportDamagedBlob>[0]['logger'];

test('a blob that rots is found by the scrub, named with its release, and healed by uploading the same bytes again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-scrub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const controlPlane = await testControlPlane({ artifactsFolder: folder });
  const { clock, store } = controlPlane;
  const publisher = await testPublisher(controlPlane);
  const rotten = await publisher.publish({ version: '1.0.0' });
  const sound = await publisher.publish({ version: '2.0.0' });
  const { sha256, size } = rotten.manifest.bundle;
  const file = join(folder, 'blobs', sha256);
  const bytes = await readFile(file);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await chmod(file, 0o644);
  await writeFile(file, bytes);

  const artifacts = await openFolderArtifactStore({ folder, clock, maxBlobBytes: 1e8, maxTotalBytes: 1e9 });
  const read: number[] = [];
  const scrub = () =>
    scrubOnce({
      artifacts,
      until: new AbortController().signal,
      pace: async (bytes) => void read.push(bytes),
      onDamaged: (blob) => reportDamagedBlob({ store, clock, logger: log }, blob),
    });
  await scrub();
  expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBe(size + sound.manifest.bundle.size);
  const params = { sha256 };
  expect(await publisher.api.uploadState({ params })).toEqual({ received: 0, complete: false });
  expect((await publisher.api.uploadState({ params: { sha256: sound.manifest.bundle.sha256 } })).complete).toBe(true);
  const notices = async () => (await publisher.operator.listAudit({ query: { action: 'blob.damaged' } })).items;
  expect(await notices()).toMatchObject([
    {
      element: sha256,
      detail: expect.stringMatching(/duck-policy@1\.0\.0 \(development\).*publish the same file again/),
    },
  ]);

  await publisher.upload(rotten);
  expect((await publisher.api.uploadState({ params })).complete).toBe(true);
  await scrub();
  expect(await notices()).toHaveLength(1);
});
