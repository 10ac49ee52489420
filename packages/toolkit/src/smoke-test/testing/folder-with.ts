/** Folders for tests, gone with the test file that made them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A fresh folder with these files; objects are written as JSON. */
export function folderWith(files: Readonly<Record<string, Uint8Array | string | object>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-smoke-'));
  made.push(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(join(folder, path), raw ? content : JSON.stringify(content));
  }
  return folder;
}
