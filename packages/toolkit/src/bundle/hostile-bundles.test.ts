import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, createZstdCompress, zstdDecompressSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkBundle } from './check-bundle.ts';
import { extractBundle } from './extract-bundle.ts';
import { END, entry, newFolder, type Packed, pax, vouched, zstd } from './testing/bundle-workshop.ts';

/** What the manifest allows in all of these; the digest of the whole bundle holds in all of them. */
const RELEASE = [
  { path: 'lib/a.txt', content: 'aaa' },
  { path: 'run', content: '#!/bin/sh\n', mode: 0o755 },
];
const a = entry({ path: 'lib/a.txt' }, 'aaa');
const run = entry({ path: 'run', mode: 0o755 }, '#!/bin/sh\n');

/** Checks and extracts; both must say the same, and nothing may be left on disk. */
async function refusalOf({ bundle, manifest }: Packed): Promise<string> {
  const checked = await checkBundle({ bundle, manifest, phase: 'publish' });
  const parent = await newFolder();
  const extracted = await extractBundle({ bundle, manifest, to: join(parent, 'release') });
  expect(readdirSync(parent)).toEqual(extracted.ok ? ['release'] : []);
  const [one, two] = [checked, extracted].map((result) => (result.ok ? 'accepted' : result.refused.category));
  expect(one).toBe(two);
  return one ?? '';
}
const ofTar = async (...parts: Uint8Array[]) => refusalOf(await vouched(RELEASE, zstd(...parts)));

test('the honest bundle is accepted, so that the refusals below mean something', async () => {
  expect(await ofTar(a, run, END)).toBe('accepted');
});

describe.each([
  ['a symbolic link out', { type: 'SymbolicLink', linkpath: '/etc/shadow' }],
  ['a hard link', { type: 'Link', linkpath: '/etc/shadow' }],
  ['a character device', { type: 'CharacterDevice', devmaj: 1, devmin: 3 }],
  ['a block device', { type: 'BlockDevice' }],
  ['a FIFO', { type: 'FIFO' }],
  ['a folder', { type: 'Directory' }],
  ['a contiguous file', { type: 'ContiguousFile' }],
] as const)('%s', (_, data) => {
  test('in place of a file is refused by its type', async () => {
    expect(await ofTar(entry({ path: 'lib/a.txt', ...data }), run, END)).toBe('type');
  });
  test('beside the files is refused', async () => {
    expect(await ofTar(entry({ path: 'x', ...data }), a, run, END)).toBe('type');
    expect(await ofTar(a, run, entry({ path: 'x', ...data }), END)).toBe('extra');
  });
});

test.each([
  ['climbs out', '../../etc/cron.d/x'],
  ['is absolute', '/etc/cron.d/x'],
  ['climbs in the middle', 'lib/../../b'],
  ['has a backslash', 'lib\\a.txt'],
  ['is the decomposed twin of a name', 'lib/a\u0301.txt'],
  ['repeats a listed file', 'run'],
])('a path that %s is refused', async (_, path) => {
  expect(await ofTar(entry({ path }, 'aaa'), run, END)).toBe('path');
});

test('an entry that the manifest does not name is refused, wherever it stands', async () => {
  const extra = entry({ path: 'extra' }, 'x');
  expect(await ofTar(extra, a, run, END)).toBe('extra');
  expect(await ofTar(a, extra, run, END)).toBe('extra');
  expect(await ofTar(a, run, extra, END)).toBe('extra');
});

test('a case twin of a listed file is refused', async () => {
  expect(await ofTar(entry({ path: 'LIB/a.txt' }, 'aaa'), a, run, END)).toBe('extra');
});

test('files in another order, twice, or missing are refused', async () => {
  expect(await ofTar(run, a, END)).toBe('path');
  expect(await ofTar(a, a, run, END)).toBe('path');
  expect(await ofTar(a, END)).toBe('missing');
  expect(await ofTar(END)).toBe('missing');
});

test.each([
  ['setuid', 0o4755],
  ['world-writable', 0o666],
  ['not executable', 0o644],
])('a program that is %s is refused by its mode', async (_, mode) => {
  expect(await ofTar(a, entry({ path: 'run', mode }, '#!/bin/sh\n'), END)).toBe('mode');
});

test('a file of another size is refused, also where the header lies about it', async () => {
  expect(await ofTar(entry({ path: 'lib/a.txt' }, 'aaaa'), run, END)).toBe('length');
  expect(await ofTar(entry({ path: 'lib/a.txt', size: 8 * 2 ** 30 }, 'aaa'), run, END)).toBe('length');
});

test('a file with other content is refused', async () => {
  expect(await ofTar(entry({ path: 'lib/a.txt' }, 'aab'), run, END)).toBe('hash');
});

test('PAX and GNU long-name headers are refused: they rename what follows', async () => {
  expect(await ofTar(pax({ path: '../x' }), a, run, END)).toBe('type');
  expect(await ofTar(pax({ path: 'lib/a.txt', size: 3 }), a, run, END)).toBe('type');
  expect(await ofTar(entry({ path: '././@LongLink', type: 'NextFileHasLongPath' }, '../x\0'), a, run, END)).toBe(
    'type',
  );
  expect(await ofTar(entry({ path: 'p', type: 'GlobalExtendedHeader' }, '11 path=x\n'), a, run, END)).toBe('type');
});

test('an owner, a time or a stray bit in a header is refused: two bundles would be one release', async () => {
  expect(await ofTar(entry({ path: 'lib/a.txt', uid: 1000 }, 'aaa'), run, END)).toBe('bad_archive');
  expect(await ofTar(entry({ path: 'lib/a.txt', mtime: new Date(1e12) }, 'aaa'), run, END)).toBe('bad_archive');
  const stray = Buffer.from(a);
  stray[510] = 1;
  expect(await ofTar(stray, run, END)).toBe('bad_archive');
});

test('bytes hidden behind a file are refused', async () => {
  const hidden = Buffer.from(a);
  hidden[600] = 1;
  expect(await ofTar(hidden, run, END)).toBe('bad_archive');
});

test('anything after the end is refused, packed or not', async () => {
  expect(await ofTar(a, run, END, Buffer.from('more'))).toBe('too_big');
  expect(await ofTar(a, run, END, a)).toBe('too_big');
  const behind = Buffer.concat([zstd(a, run, END), Buffer.from('more')]);
  expect(await refusalOf(await vouched(RELEASE, behind))).toBe('extra');
  const twoFrames = Buffer.concat([zstd(a, run, END), zstd(a)]);
  expect(await refusalOf(await vouched(RELEASE, twoFrames))).toBe('extra');
});

test('a tar that is cut off is refused, wherever the cut is', async () => {
  const whole = Buffer.concat([a, run, END]);
  for (const at of [0, 100, 512, 514, 515, 1024, 1300, 2048, 2049, whole.length - 1]) {
    expect(await ofTar(whole.subarray(0, at))).toBe('length');
  }
});

test('what is no zstd, or half of one, is refused', async () => {
  const sound = zstd(a, run, END);
  for (const packed of [Buffer.from('<html>404</html>'), Buffer.alloc(64), sound.subarray(0, 30), Buffer.from([0])]) {
    expect(await refusalOf(await vouched(RELEASE, packed))).toBe('bad_archive');
  }
});

describe('a decompression bomb', () => {
  let bomb: Buffer;
  beforeAll(() => {
    bomb = zstd(a, run, END, Buffer.alloc(512 * 2 ** 20));
  });
  test('is stopped at the size that the manifest tells', async () => {
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().rss;
    expect(await refusalOf(await vouched(RELEASE, bomb))).toBe('too_big');
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });
});

test('a frame that asks for a huge window is refused before it gets the memory', async () => {
  const greedy = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
  for (const part of [a, run, END]) greedy.write(part);
  greedy.end();
  const packed = Buffer.concat(await greedy.toArray());
  expect(await refusalOf(await vouched(RELEASE, packed))).toBe('bad_archive');
});

test('the manifest itself is not trusted with its paths', async () => {
  const evil = await vouched([{ path: 'a' }, { path: 'A' }], zstd(END));
  expect(await refusalOf(evil)).toBe('path');
});

test('every flipped bit of a bundle is refused', async () => {
  const { bundle, manifest } = await vouched(RELEASE, zstd(a, run, END));
  const packed = await readFile(bundle);
  expect(zstdDecompressSync(packed).length).toBe(1024 + 1024 + 1024);
  for (let bit = 0; bit < packed.length * 8; bit += 7) {
    const bent = Buffer.from(packed);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { bundle: file } = await vouched(RELEASE, bent);
    expect(await checkBundle({ bundle: file, manifest, phase: 'verify' })).toMatchObject({
      refused: { category: 'hash' },
    });
    const to = join(await newFolder(), 'release');
    expect((await extractBundle({ bundle: file, manifest, to })).ok).toBe(false);
    expect(existsSync(to)).toBe(false);
  }
});
