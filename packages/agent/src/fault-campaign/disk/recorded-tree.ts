/** The files of a recorded disk, in memory, as a running system sees them: what is written is there at once. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Attributes } from './fuse-protocol.ts';
import { type DiskRecord, type InodeKind, ROOT_INODE } from './recording.ts';

const TYPE_BITS: Readonly<Record<InodeKind, number>> = { file: 0o100000, folder: 0o040000, link: 0o120000, other: 0 };
export const TYPE_MASK = 0o170000;

const PIECE = 64 * 1024;
const EMPTY = Buffer.alloc(PIECE);

export interface Inode {
  readonly inode: number;
  readonly kind: InodeKind;
  /** With its type bits. */
  mode: number;
  links: number;
  mtimeMs: number;
  ctimeMs: number;
  /** Of a file; may be longer than `size`. */
  content: Buffer;
  size: number;
  readonly target: string;
  readonly names: Map<string, number>;
}

export class RecordedTree {
  readonly #inodes = new Map<number, Inode>();
  #next = ROOT_INODE;

  constructor() {
    this.make('folder', 0o755);
  }

  make(kind: InodeKind, mode: number, target = ''): Inode {
    const now = Date.now();
    const made: Inode = {
      inode: this.#next,
      kind,
      mode: kind === 'other' ? mode : TYPE_BITS[kind] | (mode & 0o7777),
      links: 1,
      mtimeMs: now,
      ctimeMs: now,
      content: Buffer.alloc(0),
      size: kind === 'link' ? Buffer.byteLength(target) : 0,
      target,
      names: new Map(),
    };
    this.#next += 1;
    this.#inodes.set(made.inode, made);
    return made;
  }

  get(inode: number): Inode {
    const found = this.#inodes.get(inode);
    if (!found) throw new Error(`the kernel asks for inode ${inode}, which was never made`);
    return found;
  }

  find(parent: number, name: string): Inode | undefined {
    const inode = this.get(parent).names.get(name);
    return inode === undefined ? undefined : this.get(inode);
  }

  put(parent: number, name: string, inode: number): void {
    this.get(parent).names.set(name, inode);
    touch(this.get(parent));
  }

  remove(parent: number, name: string): void {
    const gone = this.find(parent, name);
    if (gone) gone.links -= 1;
    this.get(parent).names.delete(name);
    touch(this.get(parent));
  }

  write(inode: number, at: number, bytes: Uint8Array): void {
    const file = this.get(inode);
    grow(file, at + bytes.length);
    file.content.set(bytes, at);
    file.size = Math.max(file.size, at + bytes.length);
    touch(file);
  }

  read(inode: number, at: number, size: number): Buffer {
    const file = this.get(inode);
    return file.content.subarray(at, Math.min(file.size, at + size));
  }

  truncate(inode: number, size: number): void {
    const file = this.get(inode);
    grow(file, size);
    if (size < file.size) file.content.fill(0, size, file.size);
    file.size = size;
    touch(file);
  }

  /** Begins with what a real folder holds, or with one real file called `name`; recorded, and flushed. */
  load(from: string, record: (record: DiskRecord) => void, name?: string): void {
    if (name === undefined) this.#loadFolder(from, ROOT_INODE, record);
    else this.#loadEntry(from, name, ROOT_INODE, record);
    record({ op: 'sync', inode: ROOT_INODE });
  }

  #loadFolder(from: string, parent: number, record: (record: DiskRecord) => void): void {
    for (const name of readdirSync(from)) this.#loadEntry(join(from, name), name, parent, record);
  }

  #loadEntry(from: string, name: string, parent: number, record: (record: DiskRecord) => void): void {
    const found = lstatSync(from);
    const kind = found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'folder' : 'file';
    // A socket of a process that is gone is nothing to begin with.
    if (kind === 'file' && !found.isFile()) return;
    const loaded = kind === 'link' ? this.make(kind, 0o777, readlinkSync(from)) : this.make(kind, found.mode);
    const { inode, mode, target } = loaded;
    this.put(parent, name, inode);
    record({ op: 'create', inode, kind, mode, parent, name, target });
    if (kind === 'folder') this.#loadFolder(from, inode, record);
    if (kind === 'file') {
      const content = readFileSync(from);
      this.truncate(inode, content.length);
      record({ op: 'truncate', inode, size: content.length });
      for (let at = 0; at < content.length; at += PIECE) {
        const bytes = content.subarray(at, at + PIECE);
        // An image is mostly empty, and what is empty need not be kept with every recording.
        if (bytes.equals(EMPTY.subarray(0, bytes.length))) continue;
        this.write(inode, at, bytes);
        record({ op: 'write', inode, at, bytes });
      }
      loaded.mtimeMs = found.mtimeMs;
    }
    record({ op: 'sync', inode });
  }
}

export const attributesOf = ({ inode, size, mode, links, mtimeMs, ctimeMs }: Inode): Attributes => ({
  inode,
  size,
  mode,
  links,
  mtimeMs,
  ctimeMs,
});

function touch(inode: Inode): void {
  inode.mtimeMs = inode.ctimeMs = Date.now();
}

function grow(file: Inode, to: number): void {
  if (to <= file.content.length) return;
  const larger = Buffer.alloc(Math.max(to, file.content.length * 2));
  file.content.copy(larger, 0, 0, file.size);
  file.content = larger;
}
