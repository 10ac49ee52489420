import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealKey } from '@fairlead/shared/trust/sealed-key';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyFile, listKeys, readKeyFile, writeKeyFile } from './key-files.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
});
afterEach(() => rm(home, { recursive: true }));
const sealed = sealKey({ role: 'staging', seed: new Uint8Array(32).fill(7), passphrase: 'a b c', N: 2 ** 15 });

test('a key is kept for its owner only, and read back', async () => {
  const file = await writeKeyFile(home, sealed);
  expect(await readKeyFile(file)).toEqual(sealed);
  expect((await listKeys(home)).map(({ role }) => role)).toEqual(['staging']);
});

test('a key file that others may read is refused (attack 88)', async () => {
  const file = await writeKeyFile(home, sealed);
  for (const mode of [0o640, 0o604, 0o644, 0o660]) {
    await chmod(file, mode);
    await expect(readKeyFile(file)).rejects.toThrow(/Others may read this file/);
  }
});

test('a key is never replaced', async () => {
  await writeKeyFile(home, sealed);
  await expect(writeKeyFile(home, sealed)).rejects.toThrow('There is a staging key already.');
});

test('what is no key file, or not there, is told as that', async () => {
  await expect(readKeyFile(keyFile(home, 'root'))).rejects.toThrow('The key is not here.');
  const file = join(home, 'x.json');
  await writeFile(file, '{"schema":"fairlead.key.v1","schema":"x"}', { mode: 0o600 });
  await expect(readKeyFile(file)).rejects.toThrow('This is no key file of Fairlead');
  expect(await listKeys(join(home, 'nowhere'))).toEqual([]);
});
