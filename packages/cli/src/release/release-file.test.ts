import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtFrom, newFolder } from './testing/author-folder.ts';
import { verifyReleaseFile } from './verify-release-file.ts';

const build = async () => readFile(await builtFrom({ 'a.txt': 'aaa', 'lib/b.txt': 'bbb '.repeat(100) }));
async function withBytes(bytes: Uint8Array) {
  const file = join(await newFolder(), 'x.fairlead');
  await writeFile(file, bytes);
  return file;
}
async function categoryOf(file: string) {
  const verified = await verifyReleaseFile(file);
  return verified.ok ? 'sound' : verified.refused.category;
}

test('a built file is sound and says what it is', async () => {
  const sound = await build();
  const verified = await verifyReleaseFile(await withBytes(sound));
  expect(verified).toMatchObject({ value: { identity: { component: 'duck', version: '1.0.0' } } });
});

test('one flipped bit anywhere is refused', async () => {
  const sound = await build();
  await fc.assert(
    fc.asyncProperty(fc.nat(sound.length * 8 - 1), async (bit) => {
      const bent = Buffer.from(sound);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await categoryOf(await withBytes(bent))).not.toBe('sound');
    }),
    { numRuns: 500 },
  );
});

test('a flipped bit in a sentence of the manifest is refused too: it would still be a manifest', async () => {
  const sound = await build();
  const bent = Buffer.from(sound.toString('latin1').replace('"duck"', '"dusk"'), 'latin1');
  expect(await categoryOf(await withBytes(bent))).toBe('hash');
});

test('a file that was cut off, or has more behind it, is refused', async () => {
  const sound = await build();
  for (const length of [0, 1, 511, 512, 700, 1536, 2000, sound.length - 1024, sound.length - 1]) {
    const file = await withBytes(sound);
    await truncate(file, length);
    expect(await categoryOf(file)).toMatch(/^(bad_archive|bad_json|length|hash)$/);
  }
  const longer = await withBytes(sound);
  await appendFile(longer, Buffer.alloc(512));
  expect(await categoryOf(longer)).toBe('length');
});

test('what is no release file at all is refused', async () => {
  for (const text of ['', '<html>404</html>', 'x'.repeat(10_000)]) {
    expect(await categoryOf(await withBytes(Buffer.from(text)))).toBe('bad_archive');
  }
});

test('a header that claims a huge manifest is refused before anything is read', async () => {
  const sound = await build();
  const bent = Buffer.from(sound);
  bent.write('77777777777\0', 512 * 2 + 124, 'latin1');
  expect(await categoryOf(await withBytes(bent))).toBe('bad_archive');
});
