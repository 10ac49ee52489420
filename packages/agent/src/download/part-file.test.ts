import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPart, removePart } from './part-file.ts';

const still = (): number => 0;

async function partOf(...chunks: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-part-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'blob.part');
  const part = await openPart(file, still);
  await part.restart('"tag"');
  for (const chunk of chunks) await part.append(Buffer.from(chunk));
  await part.close();
  return file;
}

test('a part that was closed is there again after a restart, with its tag', async () => {
  const part = await openPart(await partOf('abc', 'def'), still);
  expect([part.size, part.etag]).toEqual([6, '"tag"']);
  await part.close();
});

test('bytes behind the last fsync are not believed after a power cut', async () => {
  const file = await partOf('abc');
  await appendFile(file, '\0\0\0\0\0\0');
  const part = await openPart(file, still);
  expect(part.size).toBe(3);
  await part.append(Buffer.from('def'));
  await part.close();
  expect(await readFile(file, 'utf8')).toBe('abcdef');
});

test.each([
  ['damaged', '{"synced":'],
  ['a lie', '{"synced":4000}'],
])('where what is known of a part is %s, no more is believed than is there', async (_what, mark) => {
  const file = await partOf('abc');
  await writeFile(`${file}.json`, mark);
  const part = await openPart(file, still);
  expect(part.size).toBeLessThanOrEqual(3);
  await part.close();
});

test('a part that starts again forgets what it held', async () => {
  const file = await partOf('abc');
  const part = await openPart(file, still);
  await part.restart(undefined);
  await part.append(Buffer.from('x'));
  await part.close();
  expect(await readFile(file, 'utf8')).toBe('x');
  const again = await openPart(file, still);
  expect([again.size, again.etag]).toEqual([1, undefined]);
  await again.close();
});

test('a removed part leaves nothing', async () => {
  const file = await partOf('abc');
  await removePart(file);
  await removePart(file);
  expect(await readdir(join(file, '..'))).toEqual([]);
});

test('on a slow line a power cut costs seconds, not megabytes', async () => {
  const file = await partOf();
  const watch = { ms: 0 };
  const part = await openPart(file, () => watch.ms);
  onTestFinished(() => part.close());
  await part.append(Buffer.from('abc'));
  watch.ms = 5_000;
  await part.append(Buffer.from('def'));
  await part.append(Buffer.from('ghi'));
  // A reader that opens it now sees what an agent would after a kill -9.
  const afterTheCut = await openPart(file, still);
  expect(afterTheCut.size).toBe(6);
  await afterTheCut.close();
});
