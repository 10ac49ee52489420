import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../trust/digest.ts';
import { LIMITS } from '../trust/limits.ts';
import { fileListBytes, fileListReference, withFiles } from './file-list.ts';
import type { Manifest, ManifestWithFiles } from './manifest.ts';
import { manifestBytes, parseManifest } from './parse-manifest.ts';
import { type SampleFile, sampleManifest, withListByDigest } from './testing/sample-manifest.ts';

const FILES: readonly SampleFile[] = [
  { path: 'lib/a.py', content: 'a = 1' },
  { path: 'policy.onnx', content: 'weights' },
];
const { manifest, list } = withListByDigest(sampleManifest(FILES));
const text = Buffer.from(list).toString();

/** A signer who names exactly these bytes: the digest holds, whatever the list says. */
const signed = (
  list: Uint8Array | string,
  bend: Partial<NonNullable<Manifest['fileList']>> = {},
): [Manifest, Uint8Array] => {
  const bytes = Buffer.from(list);
  const { files: _, ...rest } = manifest;
  const fileList = { ...manifest.fileList, sha256: sha256Hex(bytes), size: bytes.length, ...bend };
  return [{ ...rest, fileList }, bytes];
};
const signedFiles = (files: ManifestWithFiles['files'], bend = {}) =>
  signed(fileListBytes(files), { ...fileListReference(files, fileListBytes(files)), ...bend });
function categoryOf([of, bytes]: readonly [Manifest, Uint8Array | undefined]): string {
  const listed = withFiles(of, bytes);
  return listed.ok ? 'accepted' : listed.refused.category;
}
const parsed = (bytes: Uint8Array) => {
  const result = parseManifest(bytes);
  if (!result.ok) throw new Error(result.refused.detail);
  return result.value;
};

test('a manifest that names its files by digest is read back, and the list completes it', () => {
  const bytes = manifestBytes(manifest);
  expect(Buffer.from(bytes).toString()).not.toContain('lib/a.py');
  const read = parsed(bytes);
  expect(read.files).toBeUndefined();
  expect(withFiles(read, list)).toEqual({ ok: true, value: manifest });
  expect(manifestBytes(manifest)).toEqual(manifestBytes(read));
});

test('a manifest that holds its files needs no list', () => {
  const inline = sampleManifest(FILES);
  expect(withFiles(parsed(manifestBytes(inline)), undefined)).toEqual({ ok: true, value: inline });
});

describe('a list of files is refused', () => {
  test('where it is not here, was cut off, has more behind it, or differs in one bit', () => {
    const [of] = signed(list);
    expect(categoryOf([of, undefined])).toBe('missing_file_list');
    expect(categoryOf([of, list.subarray(1)])).toBe('length');
    expect(categoryOf([of, Buffer.concat([list, Buffer.from('\n')])])).toBe('length');
    expect(categoryOf([of, list.map((byte, at) => (at === 40 ? byte ^ 1 : byte))])).toBe('hash');
  });

  test('where it is larger than any robot reads, before anything of it is parsed', () => {
    expect(categoryOf(signed(new Uint8Array(LIMITS.fileListBytes + 1)))).toBe('too_big');
  });

  test('where its signer wrote no JSON, a member twice, an unknown member or another form', () => {
    expect(categoryOf(signed('[]'))).toBe('bad_file_list');
    expect(categoryOf(signed('{"files":['))).toBe('bad_json');
    expect(categoryOf(signed(text.replace('{', '{"files":[],')))).toBe('bad_json');
    expect(categoryOf(signed(text.replace('"mode"', '"extra":1,"mode"')))).toBe('bad_file_list');
    expect(categoryOf(signed(text.replace('files.v1', 'files.v2')))).toBe('bad_file_list');
  });

  test('where count or sum of sizes are not those of the manifest', () => {
    expect(categoryOf(signed(list, { count: 3 }))).toBe('bad_file_list');
    expect(categoryOf(signed(list, { sizeOnDisk: 1 }))).toBe('bad_file_list');
  });

  test('where it has more files than a release may have', () => {
    const [file] = manifest.files;
    if (!file) throw new Error('the sample has files');
    const many = Array.from({ length: LIMITS.files + 1 }, () => file);
    expect(categoryOf(signedFiles(many, { count: LIMITS.files }))).toBe('bad_file_list');
  });

  test.each([
    ['twice', ['a', 'a'], 'path'],
    ['twice but for upper case', ['A', 'a'], 'path'],
    ['as a file and as a folder', ['a', 'a/b'], 'path'],
    ['out of order', ['b', 'a'], 'bad_manifest'],
  ])('where a path comes %s', (_what, paths, category) => {
    const files = paths.flatMap((path) => sampleManifest([{ path }]).files);
    expect(categoryOf(signedFiles(files))).toBe(category);
  });

  test.each(['../a', '/etc/passwd', 'lib/../../a', 'a//b', 'a\\\\b', 'a\\u0000b'])('where a path is %s', (path) => {
    expect(categoryOf(signed(text.replace('lib/a.py', path)))).toMatch(/^bad_(file_list|json)$/);
  });

  test('where it lacks a model of the manifest', () => {
    const models = [
      {
        path: 'policy.onnx',
        inputs: [],
        outputs: [{ name: 'a', dtype: 'float32', shape: [1] }],
        opsets: {},
        externalData: [],
      },
    ];
    const whole = withListByDigest(sampleManifest(FILES, { models })).manifest;
    const less = whole.files.slice(0, 1);
    const bytes = fileListBytes(less);
    const { files: _, ...rest } = whole;
    expect(categoryOf([{ ...rest, fileList: fileListReference(less, bytes) }, bytes])).toBe('bad_manifest');
  });
});

describe('a manifest is refused', () => {
  const categoryOfManifest = (value: object) => {
    const read = parseManifest(Buffer.from(JSON.stringify(value, Object.keys(value).toSorted())));
    return read.ok ? 'accepted' : read.refused.category;
  };
  const { files, ...byDigest } = manifest;

  test('with files and a list by digest, with neither, or with the other form’s name', () => {
    const inline = sampleManifest(FILES);
    for (const bent of [
      { ...byDigest, files },
      { ...byDigest, fileList: undefined },
      { ...byDigest, schema: 'fairlead.release.v1' },
      { ...inline, schema: 'fairlead.release.v2' },
    ]) {
      expect(categoryOfManifest(bent)).toBe('bad_manifest');
    }
  });

  test('that asks for a list larger, or with more files, than any robot reads', () => {
    for (const bend of [{ size: LIMITS.fileListBytes + 1 }, { count: LIMITS.files + 1 }]) {
      const bent = { ...byDigest, fileList: { ...manifest.fileList, ...bend } };
      const read = parseManifest(Buffer.from(JSON.stringify(bent)));
      expect(read).toMatchObject({ ok: false, refused: { category: 'bad_manifest' } });
    }
  });

  test('in a form of a later version, by its name and with what to update', () => {
    const read = parseManifest(Buffer.from(JSON.stringify({ ...byDigest, schema: 'fairlead.release.v3', more: {} })));
    expect(read).toMatchObject({
      ok: false,
      refused: { category: 'unknown_schema', hint: expect.stringContaining('Update the program') },
    });
  });
});
