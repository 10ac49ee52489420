/** Where tuf-js may write as it likes: nothing here is believed after a crash. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetadataFiles } from './trust-database.ts';

export interface ScratchFolder {
  readonly path: string;
  files(): Map<string, Buffer>;
  remove(): void;
}

/** A private folder with these files in it. */
export function makeScratchFolder(files: MetadataFiles): ScratchFolder {
  const outer = mkdtempSync(join(tmpdir(), 'fairlead-trust-'));
  // tuf-js reads `<role>.json` without encoding the name: a role called `../x` must not lead outside what is ours.
  const path = join(outer, 'metadata', 'files');
  mkdirSync(path, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
  return {
    path,
    files: () => new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name))])),
    remove: () => rmSync(outer, { recursive: true, force: true }),
  };
}
