import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import fc from 'fast-check';
import { Header, list } from 'tar';
import { describe, expect, test } from 'vitest';
import { checkBundle } from './check-bundle.ts';
import { extractBundle } from './extract-bundle.ts';
import { hashFile } from './hash-file.ts';
import { measureTree } from './measure-tree.ts';
import { packBundle } from './pack-bundle.ts';
import { entryHeader, tarSize } from './tar-format.ts';
import { folderOf, newFolder, pack } from './testing/bundle-workshop.ts';

const FILES = [
  { path: 'policy.onnx', content: 'weights '.repeat(1000) },
  { path: 'bin/self-test', content: '#!/bin/sh\n', mode: 0o755 },
  { path: 'scaler.json', content: '{}' },
];

async function extracted(files = FILES) {
  const { bundle, manifest } = await pack(files);
  const folder = join(await newFolder(), 'release');
  expect(await extractBundle({ bundle, manifest, to: folder })).toEqual({ ok: true, value: undefined });
  return { folder, manifest };
}

describe('packing', () => {
  test('gives these bytes on every machine', async () => {
    // A change here changes the identity of every release that is built again: it needs a decision, not a new number.
    const { manifest } = await pack(FILES);
    expect(manifest.bundle).toMatchInlineSnapshot(`
      {
        "format": "tar+zstd",
        "sha256": "35eb8b0db2417b8fae4f40f3fec3a11df2e4123d3def83d0f7f1e70bfaadadad",
        "size": 171,
      }
    `);
  });

  test('does not see times, umask, owner or the order in which files were made', async () => {
    const one = await pack(FILES);
    const umask = process.umask(0o077);
    const folder = await folderOf(FILES.toReversed());
    process.umask(umask);
    await utimes(join(folder, 'policy.onnx'), 1, 1);
    const to = join(await newFolder(), 'again');
    const again = await packBundle({ folder, files: one.manifest.files, to });
    expect(again.sha256).toBe(one.manifest.bundle.sha256);
    expect(await readFile(to)).toEqual(await readFile(one.bundle));
  });

  test('stops where a file is not what was listed, and leaves nothing behind', async () => {
    const { files } = sampleManifest(FILES);
    for (const content of ['', 'weights!'.repeat(1000), 'weights '.repeat(1001)]) {
      const folder = await folderOf(FILES);
      await writeFile(join(folder, 'policy.onnx'), content);
      const parent = await newFolder();
      await expect(packBundle({ folder, files, to: join(parent, 'b') })).rejects.toMatchObject({
        refusal: { category: 'changed', element: 'policy.onnx' },
      });
      expect(await readdir(parent)).toEqual([]);
    }
  });

  test('makes a tar that other programs open', async () => {
    const long = { path: `${'d'.repeat(200)}/${'f'.repeat(200)}`, content: 'far down' };
    const { bundle } = await pack([...FILES, long]);
    const paths: string[] = [];
    await list({ file: bundle, onReadEntry: (entry) => paths.push(entry.path) });
    expect(paths).toEqual(['bin/self-test', long.path, 'policy.onnx', 'scaler.json']);
  });
});

test.each([0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33 - 1, 2 ** 33, 2 ** 40])(
  'a file of %d bytes has a header that says so',
  (size) => {
    const header = entryHeader({ path: 'weights.bin', mode: 0o644, size });
    expect(new Header(header, header.length - 512)).toMatchObject({ path: 'weights.bin', size, cksumValid: true });
    expect(tarSize([{ path: 'weights.bin', mode: 0o644, size }])).toBeGreaterThan(size);
  },
);

describe('round trip', () => {
  const segment = fc.stringMatching(/^[a-z0-9_+@-]{1,130}$/);
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
  const file = fc.record({
    path,
    content: fc.uint8Array({ maxLength: 3000 }),
    mode: fc.constantFrom(0o644, 0o755),
  });
  test('whatever is packed comes out the same, and measures as it should', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, { selector: (each) => each.path, minLength: 1, maxLength: 6 }),
        async (files) => {
          const paths = files.map((each) => each.path);
          fc.pre(!paths.some((one) => paths.some((other) => other.startsWith(`${one}/`))));
          const { bundle, manifest } = await pack(files);
          expect((await checkBundle({ bundle, manifest, phase: 'build' })).ok).toBe(true);
          const to = join(await newFolder(), 'release');
          expect((await extractBundle({ bundle, manifest, to })).ok).toBe(true);
          expect((await measureTree({ folder: to, manifest, phase: 'verify' })).ok).toBe(true);
          for (const { path: at, content } of files) expect(await readFile(join(to, at))).toEqual(Buffer.from(content));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('an extracted release', () => {
  test('is read-only, with no more rights than the manifest gives', async () => {
    const { folder } = await extracted();
    const modeOf = async (path: string) => (await lstat(join(folder, path))).mode & 0o7777;
    expect(await Promise.all(['', 'bin', 'bin/self-test', 'scaler.json'].map(modeOf))).toEqual([
      0o555, 0o555, 0o555, 0o444,
    ]);
  });

  test('never goes where something already is', async () => {
    const { bundle, manifest } = await pack(FILES);
    const parent = await newFolder();
    await mkdir(join(parent, 'there'));
    await symlink('/tmp', join(parent, 'link'));
    for (const name of ['there', 'link']) {
      await expect(extractBundle({ bundle, manifest, to: join(parent, name) })).rejects.toMatchObject({
        code: 'EEXIST',
      });
    }
    expect(await readdir(parent)).toEqual(['link', 'there']);
  });

  test('is gone where extracting was aborted', async () => {
    const { bundle, manifest } = await pack(FILES);
    const parent = await newFolder();
    const order = { bundle, manifest, to: join(parent, 'release'), signal: AbortSignal.abort() };
    await expect(extractBundle(order)).rejects.toThrow(/abort/i);
    expect(await readdir(parent)).toEqual([]);
  });

  test('tells its progress up to the last byte', async () => {
    const { bundle, manifest } = await pack(FILES);
    const told: [number, number][] = [];
    const to = join(await newFolder(), 'release');
    await extractBundle({ bundle, manifest, to, onProgress: (...bytes) => told.push(bytes) });
    expect(told.at(-1)).toEqual([8012, 8012]);
  });
});

describe('measuring refuses', () => {
  const tamperings: [string, string, (folder: string) => Promise<unknown>][] = [
    ['a changed byte', 'hash', (folder) => writeFile(join(folder, 'scaler.json'), '[]')],
    ['a cut file', 'length', (folder) => truncate(join(folder, 'policy.onnx'), 10)],
    ['a wider mode', 'mode', (folder) => chmod(join(folder, 'scaler.json'), 0o664)],
    ['an extra file', 'extra', (folder) => writeFile(join(folder, 'bin/extra'), '')],
    ['an extra folder', 'extra', (folder) => mkdir(join(folder, 'more'))],
    ['a link', 'extra', (folder) => symlink('/etc/passwd', join(folder, 'bin/link'))],
  ];
  test.each(tamperings)('%s', async (_, category, tamper) => {
    const { folder, manifest } = await extracted();
    await chmod(folder, 0o755);
    await chmod(join(folder, 'bin'), 0o755);
    for (const path of ['scaler.json', 'policy.onnx']) await chmod(join(folder, path), 0o644);
    await tamper(folder);
    for (const path of ['scaler.json', 'policy.onnx']) if (category !== 'mode') await chmod(join(folder, path), 0o444);
    if (category === 'mode') await chmod(join(folder, 'policy.onnx'), 0o444);
    expect(await measureTree({ folder, manifest, phase: 'verify' })).toMatchObject({ refused: { category } });
  });

  test('a missing file, a file that became a link or a folder, and no folder at all', async () => {
    const { folder, manifest } = await extracted();
    const category = async (at = folder) => {
      const measured = await measureTree({ folder: at, manifest, phase: 'switch' });
      return measured.ok ? 'ok' : measured.refused.category;
    };
    await chmod(folder, 0o755);
    await rm(join(folder, 'scaler.json'));
    expect(await category()).toBe('missing');
    await symlink('policy.onnx', join(folder, 'scaler.json'));
    expect(await category()).toBe('type');
    await rm(join(folder, 'scaler.json'));
    await mkdir(join(folder, 'scaler.json'));
    expect(await category()).toBe('type');
    expect(await category(join(folder, 'nowhere'))).toBe('missing');
  });
});

test('a link is never hashed in place of a file', async () => {
  const folder = await newFolder();
  await symlink('/etc/passwd', join(folder, 'link'));
  await expect(hashFile(join(folder, 'link'))).rejects.toMatchObject({ code: 'ELOOP' });
});
