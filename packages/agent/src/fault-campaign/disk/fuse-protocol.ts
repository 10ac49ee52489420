/**
 * The kernel's side of a file system in user space, as bytes (include/uapi/linux/fuse.h, protocol 7.31). Spoken by
 * ourselves because a robot has neither a compiler nor libfuse, and the campaign must run where the package runs.
 */
export const OP = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  access: 34,
  create: 35,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  rename2: 45,
} as const;

export const ERRNO = { ENOENT: 2, EINTR: 4, EIO: 5, EEXIST: 17, ENOTDIR: 20, ENOSPC: 28, ENOSYS: 38, ENOTEMPTY: 39 };
export type ErrorName = keyof typeof ERRNO;

/** Largest single write; a request is that and its headers. */
export const MAX_WRITE = 1024 * 1024;
export const REQUEST_BYTES = MAX_WRITE + 4096;

export interface FuseRequest {
  readonly opcode: number;
  readonly unique: bigint;
  readonly node: number;
  /** The asking thread. */
  readonly thread: number;
  readonly body: Buffer;
}

export function parseRequest(bytes: Buffer): FuseRequest {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    node: Number(bytes.readBigUInt64LE(16)),
    thread: bytes.readUInt32LE(32),
    body: bytes.subarray(40),
  };
}

export function reply(unique: bigint, body: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + body.length, 0);
  head.writeBigUInt64LE(unique, 8);
  return Buffer.concat([head, body]);
}

export function replyError(unique: bigint, error: ErrorName): Buffer {
  const head = reply(unique);
  head.writeInt32LE(-ERRNO[error], 4);
  return head;
}

/** `fields`: [bytes, value] in order. */
function struct(...fields: readonly (readonly [2 | 4 | 8, number])[]): Buffer {
  const out = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 8) out.writeBigUInt64LE(BigInt(value), at);
    else if (width === 4) out.writeUInt32LE(value >>> 0, at);
    else out.writeUInt16LE(value, at);
    at += width;
  }
  return out;
}

const FLAGS = { bigWrites: 1 << 5, parallelDirOps: 1 << 18, maxPages: 1 << 22 };
const PAGES = MAX_WRITE / 4096;

export function initReply({ body }: FuseRequest): Buffer {
  const offered = body.readUInt32LE(12);
  const flags = offered & (FLAGS.bigWrites | FLAGS.parallelDirOps | FLAGS.maxPages);
  const readahead = body.readUInt32LE(8);
  return Buffer.concat([
    struct([4, 7], [4, 31], [4, readahead], [4, flags], [2, 16], [2, 12], [4, MAX_WRITE], [4, 1], [2, PAGES], [2, 0]),
    Buffer.alloc(32),
  ]);
}

export interface Attributes {
  readonly inode: number;
  readonly size: number;
  /** With its type bits. */
  readonly mode: number;
  readonly links: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

function attributes({ inode, size, mode, links, mtimeMs, ctimeMs }: Attributes): Buffer {
  const [mtime, ctime] = [Math.floor(mtimeMs / 1000), Math.floor(ctimeMs / 1000)];
  const nanos = (ms: number): number => Math.floor((ms % 1000) * 1_000_000);
  return struct(
    ...([inode, size, Math.ceil(size / 512), mtime, mtime, ctime] as const).map((value) => [8, value] as const),
    ...([nanos(mtimeMs), nanos(mtimeMs), nanos(ctimeMs), mode, links, 0, 0, 0, 4096, 0] as const).map(
      (value) => [4, value] as const,
    ),
  );
}

/** Nobody changes the tree but the kernel, so it may keep what it knows for this long, seconds. */
const VALID_SEC = 3600;

export const attrReply = (of: Attributes): Buffer => Buffer.concat([struct([8, VALID_SEC], [8, 0]), attributes(of)]);
export const entryReply = (of: Attributes): Buffer =>
  Buffer.concat([struct([8, of.inode], [8, 0], [8, VALID_SEC], [8, VALID_SEC], [8, 0]), attributes(of)]);
export const openReply = (handle: number, { direct = false } = {}): Buffer =>
  struct([8, handle], [4, direct ? 1 : 0], [4, 0]);
export const writeReply = (size: number): Buffer => struct([4, size], [4, 0]);

/** A small disk with plenty of room. */
export const statfsReply = (): Buffer =>
  struct(
    [8, 65536],
    [8, 49152],
    [8, 49152],
    [8, 65536],
    [8, 49152],
    [4, 4096],
    [4, 255],
    [4, 4096],
    [4, 0],
    [8, 0],
    [8, 0],
    [8, 0],
  );

export function directoryEntry(inode: number, next: number, name: string, type: number): Buffer {
  const bytes = Buffer.from(name);
  const entry = Buffer.concat([struct([8, inode], [8, next], [4, bytes.length], [4, type]), bytes]);
  return Buffer.concat([entry, Buffer.alloc((8 - (entry.length % 8)) % 8)]);
}

/** The zero-terminated names of a request, from `at` on. */
export function namesFrom(body: Buffer, at = 0): string[] {
  return body.toString('utf8', at).split('\0').slice(0, -1);
}
export const u32 = (body: Buffer, at: number): number => body.readUInt32LE(at);
export const u64 = (body: Buffer, at: number): number => Number(body.readBigUInt64LE(at));
