/**
 * Blobs in a folder: `blobs/DIGEST` is complete and read-only, `uploads/DIGEST.part` is on its way, `damaged/DIGEST` rotted. A part's
 * length is the only record of progress, so a server killed in mid-upload resumes from what is really there.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, constants, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import { type Clock, DAY } from '@fairlead/shared/time';
import { makeFolderDurably, renameDurably } from '@fairlead/toolkit/durable-files';
import { isMissing, systemCode } from '@fairlead/toolkit/file-error';
import type { ArtifactStore, OpenBlob, Range, UploadRefusal, UploadState } from './artifact-store.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { openPart } from './open-part.ts';

/** An upload nobody went on with for this long is swept at the next start. */
const ABANDONED_AFTER = 7 * DAY;

export interface FolderArtifactStoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** Largest blob, in bytes. */
  readonly maxBlobBytes: number;
  /** All blobs and uploads together, in bytes. */
  readonly maxTotalBytes: number;
}

/** Opens the folder (made where absent) and sweeps abandoned uploads. */
export async function openFolderArtifactStore(options: FolderArtifactStoreOptions): Promise<ArtifactStore> {
  const blobs = join(options.folder, 'blobs');
  const uploads = join(options.folder, 'uploads');
  const damaged = join(options.folder, 'damaged');
  await makeFolderDurably(blobs);
  await makeFolderDurably(uploads, 0o700);
  await sweep(uploads, options.clock.now() - ABANDONED_AFTER);

  const blobFile = (blob: Sha256) => join(blobs, blob);
  const partFile = (blob: Sha256) => join(uploads, `${blob}.part`);
  const turn = oneAtATime();
  let total = (await bytesIn(blobs)) + (await bytesIn(uploads));

  async function state(blob: Sha256): Promise<UploadState> {
    const size = await sizeOf(blobFile(blob));
    if (size !== undefined) return { received: size, complete: true };
    return { received: (await sizeOf(partFile(blob))) ?? 0, complete: false };
  }

  async function append(order: Parameters<ArtifactStore['append']>[0]): Promise<Result<UploadState, UploadRefusal>> {
    const { blob, offset, size } = order;
    const now = await state(blob);
    if (now.complete) return accept(now);
    if (now.received > size) {
      // Whoever began it named another size; what lies here can't be the beginning of this blob.
      await turn(blob, () => discardLarger(blob, size));
      return refuse({ code: 'offset_mismatch', offset: 0 });
    }
    // Somebody else has sent all of it: the same bytes need no second way.
    if (offset !== now.received && now.received === size) return turn(blob, () => complete(blob, size));
    if (offset !== now.received) return refuse({ code: 'offset_mismatch', offset: now.received });
    if (size > options.maxBlobBytes) return tooLarge(`A blob may have ${options.maxBlobBytes} bytes, not ${size}.`);
    if (total + size - now.received > options.maxTotalBytes) {
      return tooLarge(`${size} bytes do not fit: the store is limited to ${options.maxTotalBytes} bytes in all.`);
    }
    const written = await writeInTurns(blob, { offset, size }, order.bytes);
    const then = await state(blob);
    if (then.complete) return accept(then);
    if (!written.ok && written.refused.code !== 'offset_mismatch') return written;
    if (then.received === size) return turn(blob, () => complete(blob, size));
    return written.ok ? accept(then) : written;
  }

  /**
   * Writes until the source ends or breaks; what arrived before a broken link is kept. Each chunk takes its turn, and no turn
   * waits for the source: an uploader that stalls in the middle of a part delays no other uploader of the same blob.
   */
  async function writeInTurns(
    blob: Sha256,
    part: { readonly offset: number; readonly size: number },
    source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<Result<void, UploadRefusal>> {
    const file = await openPart(partFile(blob));
    try {
      let at = part.offset;
      for await (const chunk of source) {
        const refused = await turn(blob, async () => {
          const { received, complete: done } = await state(blob);
          if (done || received !== at || !(await file.isCurrent()))
            return { code: 'offset_mismatch', offset: received } as const;
          if (at + chunk.length > part.size) {
            await file.truncate(part.offset);
            total -= at - part.offset;
            return { code: 'too_large', detail: `More bytes arrived than the declared ${part.size}.` } as const;
          }
          try {
            await file.write(chunk, at);
          } finally {
            total += (await state(blob)).received - received;
          }
          return undefined;
        });
        if (refused) return refuse(refused);
        at += chunk.length;
      }
      await file.sync();
      return accept(undefined);
    } finally {
      await file.close();
    }
  }

  async function complete(blob: Sha256, size: number): Promise<Result<UploadState, UploadRefusal>> {
    const now = await state(blob);
    // Another uploader was faster.
    if (now.complete || now.received < size) return accept(now);
    const found = await digestOf(partFile(blob));
    if (found !== blob) {
      // Never resumed from: a wrong first half would spoil every later attempt.
      await rm(partFile(blob), { force: true });
      total -= size;
      return refuse({
        code: 'hash',
        detail: `The ${size} bytes have SHA-256 ${found}, not ${blob}; they were deleted.`,
      });
    }
    // Its last bytes may be another uploader's, who has not synced them yet.
    await syncFile(partFile(blob));
    await chmod(partFile(blob), 0o444);
    await renameDurably(partFile(blob), blobFile(blob));
    await rm(join(damaged, blob), { force: true });
    return accept({ received: size, complete: true });
  }

  async function discardLarger(blob: Sha256, size: number): Promise<void> {
    const { received, complete: done } = await state(blob);
    if (done || received <= size) return;
    await rm(partFile(blob), { force: true });
    total -= received;
  }

  async function read(blob: Sha256, range?: Range): Promise<OpenBlob | undefined> {
    const size = await sizeOf(blobFile(blob));
    return size === undefined ? undefined : { size, stream: createReadStream(blobFile(blob), { ...range }) };
  }

  async function verify(...[blob, onRead]: Parameters<ArtifactStore['verify']>): ReturnType<ArtifactStore['verify']> {
    const size = await sizeOf(blobFile(blob));
    if (size === undefined) return 'absent';
    const found = await digestAtPace(blobFile(blob), onRead);
    if (found === 'given-up') return found;
    if (found === blob) return 'sound';
    // Kept for study until the right bytes are here again: a bad sector is not given to another file.
    await makeFolderDurably(damaged, 0o700);
    await renameDurably(blobFile(blob), join(damaged, blob));
    total -= size;
    return 'damaged';
  }

  return {
    state,
    append,
    blobs: async () => (await readdir(blobs)).filter((name): name is Sha256 => IS_DIGEST.test(name)).sort(),
    verify,
    size: (blob) => sizeOf(blobFile(blob)),
    open: read,
    lend: async (blob, use) => ((await sizeOf(blobFile(blob))) === undefined ? undefined : await use(blobFile(blob))),
    ready: () => access(uploads, constants.W_OK),
  };
}

const tooLarge = (detail: string) => refuse({ code: 'too_large', detail } as const);

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

const IS_DIGEST = /^[0-9a-f]{64}$/;

/** Undefined where a part of the file can't be read. */
async function digestAtPace(file: string, onRead: (bytes: number) => Promise<boolean>): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      if (!(await onRead(chunk.length))) return 'given-up';
    }
  } catch (cause) {
    // Another error, such as too many open files, says nothing about this blob.
    if (systemCode(cause) === 'EIO') return undefined;
    throw cause;
  }
  return hash.digest('hex');
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder)) sum += (await sizeOf(join(folder, name))) ?? 0;
  return sum;
}

async function sweep(uploads: string, before: number): Promise<void> {
  for (const name of await readdir(uploads)) {
    const file = join(uploads, name);
    if ((await stat(file)).mtimeMs < before) await rm(file, { force: true });
  }
}
