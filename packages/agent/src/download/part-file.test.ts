import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPart, removePart } from './part-file.ts';

async function partOf(...chunks: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-part-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'blob.part');
  const part = await openPart(file);
  await part.restart('"tag"');
  for (const chunk of chunks) await part.append(Buffer.from(chunk));
  await part.close();
  return file;
}

test('a part that was closed is there again after a restart, with its tag', async () => {
  const part = await openPart(await partOf('abc', 'def'));
  expect([part.size, part.etag]).toEqual([6, '"tag"']);
  await part.close();
});

test('bytes behind the last fsync are not believed after a power cut', async () => {
  const file = await partOf('abc');
  await appendFile(file, '\0\0\0\0\0\0');
  const part = await openPart(file);
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
  const part = await openPart(file);
  expect(part.size).toBeLessThanOrEqual(3);
  await part.close();
});

test('a part that starts again forgets what it held', async () => {
  const file = await partOf('abc');
  const part = await openPart(file);
  await part.restart(undefined);
  await part.append(Buffer.from('x'));
  await part.close();
  expect(await readFile(file, 'utf8')).toBe('x');
  const again = await openPart(file);
  expect([again.size, again.etag]).toEqual([1, undefined]);
  await again.close();
});

test('a removed part leaves nothing', async () => {
  const file = await partOf('abc');
  await removePart(file);
  await removePart(file);
  expect(await readdir(join(file, '..'))).toEqual([]);
});
