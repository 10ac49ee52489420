/**
 * A blob on its way: SHA256.part, and beside it how much of it is known to be on the disk itself. After a power
 * cut a file may have its length but not its bytes, and a download resumed behind such a hole could only end in
 * a wrong digest; so no byte behind the last fsync is believed.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { parse } from '@fairlead/shared/parse';
import { SECOND } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { removeDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { type Static, Type } from 'typebox';

const Mark = Type.Object(
  { synced: Type.Integer({ minimum: 0 }), etag: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);
type Mark = Static<typeof Mark>;

/** How many bytes a power cut may cost… */
const SYNC_EVERY = 8 * 1024 * 1024;
/** …and how many seconds of a slow line: on 8 kbit/s the bytes alone would be a morning's work. */
const SYNC_EVERY_MS = 5 * SECOND;

export interface PartFile {
  /** Bytes held so far. */
  readonly size: number;
  readonly etag: string | undefined;
  /** Forgets everything: the next byte is the first, and belongs to the blob called `etag`. */
  restart(etag: string | undefined): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** Makes all bytes durable and closes the file. */
  close(): Promise<void>;
}

/** `elapsed`: monotonic milliseconds. */
export async function openPart(file: string, elapsed: () => number): Promise<PartFile> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const mark = await readMark(markOf(file));
  let size = Math.min(mark.synced, (await handle.stat()).size);
  let { etag } = mark;
  let synced = size;
  let syncedAt = elapsed();
  await handle.truncate(size);
  const sync = async () => {
    await handle.datasync();
    await writeDurably(markOf(file), JSON.stringify({ synced: size, ...(etag !== undefined && { etag }) }));
    synced = size;
    syncedAt = elapsed();
  };
  return {
    get size() {
      return size;
    },
    get etag() {
      return etag;
    },
    restart: async (name) => {
      etag = name;
      size = 0;
      await handle.truncate(0);
      await sync();
    },
    append: async (bytes) => {
      await writeAll(handle, bytes, size);
      size += bytes.length;
      if (size - synced >= SYNC_EVERY || elapsed() - syncedAt >= SYNC_EVERY_MS) await sync();
    },
    close: async () => {
      try {
        if (size !== synced) await sync();
      } finally {
        await handle.close();
      }
    },
  };
}

/** Removes the bytes and what is known of them; absent is fine. */
export async function removePart(file: string): Promise<void> {
  await removeDurably(file);
  await removeDurably(markOf(file));
}

const markOf = (file: string): string => `${file}.json`;

async function readMark(file: string): Promise<Mark> {
  try {
    const json = parseStrictJson(await readFile(file));
    const mark = json.ok ? parse(Mark, json.value) : json;
    return mark.ok ? mark.value : { synced: 0 };
  } catch (error) {
    if (isMissing(error)) return { synced: 0 };
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}
