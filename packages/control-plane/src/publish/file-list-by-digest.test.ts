/** Releases that name their files by digest: the list is here, whole and right before any robot can be told of them. */
import { fileListReference } from '@fairlead/shared/release/file-list';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { withListByDigest } from '@fairlead/shared/release/testing/sample-manifest';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { describe, expect, test } from 'vitest';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { testPublisher } from '../testing/test-publisher.ts';

type Reference = ReturnType<typeof fileListReference>;
const refused = (category: string) => ({ problem: { code: 'refused', refusal: { category } } });

/** Signs and hands in a release; `bend` is what the signer says of the list instead, and what is uploaded as the list. */
async function open() {
  const controlPlane = await testControlPlane();
  const publisher = await testPublisher(controlPlane);
  const { api, build, upload, update, entry, handIn } = publisher;
  const uploadList = (list: Uint8Array) =>
    api.uploadPart({
      params: { sha256: sha256Hex(list) },
      query: { offset: 0, size: list.length },
      body: list,
    });
  const publish = async (
    bend: (list: Uint8Array) => { list?: Uint8Array; fileList?: Partial<Reference> } = () => ({}),
  ) => {
    const release = await build({ version: '1.0.0' });
    const { files } = release.manifest;
    if (!files) throw new Error('the sample holds its files');
    const { manifest, list } = withListByDigest({ ...release.manifest, files });
    const bent = { list, ...bend(list) };
    const fileList = { ...manifest.fileList, sha256: sha256Hex(bent.list), size: bent.list.length, ...bent.fileList };
    const text = Buffer.from(manifestBytes({ ...manifest, fileList })).toString();
    const byDigest = { ...release, manifest: { ...manifest, fileList }, text, manifestSha256: sha256Hex(text) };
    await upload(byDigest);
    return {
      list: bent.list,
      handIn: async () => handIn(await update('development', { set: [entry(byDigest, { version: '1.0.0' })] })),
    };
  };
  const listed = async () => (await api.listReleases()).items.map(({ version }) => version);
  return { controlPlane, api, publish, uploadList, listed };
}

test('such a release is published with its list, and both are served', async () => {
  const { api, publish, uploadList, listed } = await open();
  const { list, handIn } = await publish();
  await uploadList(list);
  await handIn();
  expect(await listed()).toEqual(['1.0.0']);
  const params = { environment: 'development', component: 'duck-policy', version: '1.0.0' } as const;
  const shown = await api.showRelease({ params: params as never });
  expect(shown.manifest).toMatchObject({
    schema: 'fairlead.release.v2',
    fileList: { sha256: sha256Hex(list), count: 1 },
  });
  expect(shown.manifest.files).toBeUndefined();
});

describe('nothing becomes visible where the list of files', () => {
  test('is not here', async () => {
    const { publish, listed } = await open();
    const { handIn } = await publish();
    await expect(handIn()).rejects.toMatchObject(refused('missing_blob'));
    expect(await listed()).toEqual([]);
  });
  test.each([
    ['counts other files than were signed', () => ({ fileList: { count: 2 } }), 'bad_file_list'],
    ['has another sum of sizes than was signed', () => ({ fileList: { sizeOnDisk: 1 } }), 'bad_file_list'],
    ['is no list', () => ({ list: Buffer.from('[]') }), 'bad_file_list'],
    [
      'names a file outside the release',
      (list: Uint8Array) => ({
        list: Buffer.from(Buffer.from(list).toString().replace('policy.onnx', '../olicy.onnx')),
      }),
      'bad_file_list',
    ],
    [
      'names other content than the bundle has',
      (list: Uint8Array) => ({
        list: Buffer.from(
          Buffer.from(list)
            .toString()
            .replace(/"sha256":"./, '"sha256":"e'),
        ),
      }),
      'hash',
    ],
  ])('%s', async (_what, bend, category) => {
    const { publish, uploadList, listed } = await open();
    const { list, handIn } = await publish(bend);
    await uploadList(list);
    await expect(handIn()).rejects.toMatchObject(refused(category));
    expect(await listed()).toEqual([]);
  });
});
