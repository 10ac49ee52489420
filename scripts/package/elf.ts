/** What the native files of a package ask of a robot's C library, by readelf. */
import { execFile } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ELF_MAGIC = Buffer.from('\u007fELF', 'latin1');

export interface ElfFile {
  readonly path: string;
  /** As readelf names it: `AArch64`, `Advanced Micro Devices X86-64`. */
  readonly machine: string;
  /** Newest version of the GNU C library that a symbol of it needs: `2.28`. Absent where it needs none. */
  readonly glibc?: string;
}

/** Every ELF file below `folder`. @throws Error where readelf is missing. */
export async function elfFilesIn(folder: string): Promise<readonly ElfFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found: ElfFile[] = [];
  for (const path of files) if (await isElf(path)) found.push(await describe(path));
  return found;
}

/** The newest of several versions, as numbers go. */
export const newestGlibc = (files: readonly ElfFile[]): string | undefined =>
  files
    .flatMap(({ glibc }) => glibc ?? [])
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);

async function describe(path: string): Promise<ElfFile> {
  const { stdout } = await run('readelf', ['--wide', '--file-header', '--version-info', path], {
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 2 ** 26,
  }).catch((error) => {
    if (error.code === 'ENOENT') throw new Error('readelf is missing: install the package binutils.');
    throw error;
  });
  const machine = /Machine:\s+(.+)/.exec(stdout)?.[1]?.trim() ?? 'unknown';
  const versions = [...stdout.matchAll(/GLIBC_(\d+(?:\.\d+)+)/g)].map(([, version = '']) => ({
    path,
    machine,
    glibc: version,
  }));
  const glibc = newestGlibc(versions);
  return { path, machine, ...(glibc !== undefined && { glibc }) };
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.equals(ELF_MAGIC);
  } finally {
    await file.close();
  }
}
