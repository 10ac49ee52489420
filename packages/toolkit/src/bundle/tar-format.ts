/**
 * How a release's files stand in a tar: one way only. Sorted as the manifest says, no owner, no time, modes
 * 0644 and 0755. As every byte between the contents follows from the manifest, readers do not interpret a
 * tar: they compare with the one that must come (walk-bundle.ts). Any tar program can still open it.
 */
import { Header, Pax } from 'tar';

export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
}

export const BLOCK = 512;
/** A tar ends with two empty blocks. */
export const END_BYTES = 2 * BLOCK;

/**
 * The blocks before an entry's content. Names that do not fit into ustar's 100+155 bytes, and sizes from
 * 8 GiB, which do not fit into its eleven octal digits, get a PAX header in front, with nothing else in it.
 */
export function entryHeader({ path, mode, size }: TarEntry): Buffer {
  const header = new Header({ path, mode, size, uid: 0, gid: 0, mtime: new Date(0), type: 'File' });
  const block = Buffer.alloc(BLOCK);
  if (!header.encode(block)) return block;
  return Buffer.concat([new Pax({ path, ...(size > MAX_OCTAL_SIZE ? { size } : {}) }).encode(), block]);
}

const MAX_OCTAL_SIZE = 0o77777777777;

/** Zero bytes after an entry's content, up to the next block. */
export const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** Size of the whole tar: what an unpacked bundle must have, to the byte. */
export const tarSize = (entries: readonly TarEntry[]): number =>
  entries.reduce((sum, entry) => sum + entryHeader(entry).length + entry.size + paddingOf(entry.size), END_BYTES);
