import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuseIfOpen } from '@fairlead/cli/trust/key-files';
import { generateKeyPair } from '@fairlead/shared/trust/ed25519';
import { openSealedKey, type SealedKey, sealKey } from '@fairlead/shared/trust/sealed-key';
import { verifyEd } from '@fairlead/shared/trust/verify-ed25519';
import { describe, expect, onTestFinished, test } from 'vitest';
import { codeOf } from './support/robot.ts';

const seed = new Uint8Array(32).fill(7);
const PASSPHRASE = 'correct horse battery staple';
// The lowest cost that a key file may have: tests need not wait for the real one.
const file = sealKey({ role: 'production', seed: seed.slice(), passphrase: PASSPHRASE, N: 2 ** 15 });
const openCode = (changed: unknown, passphrase = PASSPHRASE): string => codeOf(openSealedKey(changed, passphrase));

test('a key file opens for its passphrase and signs for its role', () => {
  const opened = openSealedKey(JSON.parse(JSON.stringify(file)), PASSPHRASE);
  if (!opened.ok) throw new TypeError(opened.refused.detail);
  expect(opened.value.role).toBe('production');
  const bytes = Buffer.from('release');
  expect(verifyEd(generateKeyPair(seed).publicKey, bytes, opened.value.sign(bytes))).toBe(true);
});

test('a key file does not show its secret', () => {
  expect(JSON.stringify(file)).not.toContain(Buffer.from(seed).toString('base64').slice(0, 20));
});

describe('attack 87: a key file does not open', () => {
  const flipped = `${file.box.startsWith('A') ? 'B' : 'A'}${file.box.slice(1)}`;
  test.each([
    ['with a wrong passphrase', file, 'correct horse battery stapler', 'bad_passphrase'],
    ['with its role changed', { ...file, role: 'root' }, PASSPHRASE, 'bad_passphrase'],
    ['with its public key changed', { ...file, publicKey: 'a'.repeat(64) }, PASSPHRASE, 'bad_passphrase'],
    ['with its content changed', { ...file, box: flipped }, PASSPHRASE, 'bad_passphrase'],
    ['with its cost changed', { ...file, kdf: { ...file.kdf, N: 2 ** 16 } }, PASSPHRASE, 'bad_passphrase'],
    ['with its cost below the floor', { ...file, kdf: { ...file.kdf, N: 2 ** 14 } }, PASSPHRASE, 'bad_key_file'],
    ['with a monstrous cost', { ...file, kdf: { ...file.kdf, N: 2 ** 30 } }, PASSPHRASE, 'bad_key_file'],
    ['with something added', { ...file, extra: 1 }, PASSPHRASE, 'bad_key_file'],
    ['that is no key file', { hello: 1 }, PASSPHRASE, 'bad_key_file'],
  ])('%s', (_how, changed: unknown, passphrase, code) => {
    expect(openCode(changed, passphrase)).toBe(code);
  });
});

describe('attack 88: a key file that others may read', () => {
  const made = (mode: number): string => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-key-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'production.json');
    writeFileSync(path, JSON.stringify(file satisfies SealedKey));
    chmodSync(path, mode);
    return path;
  };
  test.each([0o644, 0o640, 0o604])('mode %o is refused', async (mode) => {
    await expect(refuseIfOpen(made(mode))).rejects.toThrow(/Others may read/);
  });
  test('mode 0600 is fine', async () => {
    await expect(refuseIfOpen(made(0o600))).resolves.toBeUndefined();
  });
});
