/** Size and SHA-256 of a file, in constant memory. */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Sha256 } from '@fairlead/shared/ids';

export interface Measured {
  /** Bytes. */
  readonly size: number;
  readonly sha256: Sha256;
}

const CHUNK = 256 * 1024;

/** Throws ELOOP where `path` is a link: what is measured is what the name itself holds. */
export async function hashFile(path: string): Promise<Measured> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of readChunks(path)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: digestOf(hash) };
}

/** The bytes of a file, or of a part of it, in pieces of at most 256 KiB. Follows no link; leaves an open file open. */
export async function* readChunks(
  file: string | FileHandle,
  part: { readonly start: number; readonly length: number } = { start: 0, length: Infinity },
): AsyncGenerator<Buffer, void> {
  const handle = typeof file === 'string' ? await open(file, constants.O_RDONLY | constants.O_NOFOLLOW) : file;
  try {
    const end = part.start + part.length;
    for (let at = part.start; at < end; ) {
      // A new buffer each time: streams keep chunks while they read ahead.
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(CHUNK), 0, Math.min(CHUNK, end - at), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    if (handle !== file) await handle.close();
  }
}

export const digestOf = (hash: Hash): Sha256 => hash.digest('hex') as Sha256;
