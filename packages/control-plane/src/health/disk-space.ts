/**
 * Readiness turns red while there is still room to repair: a database that meets a full disk in the middle of its work takes
 * no report and no heartbeat. Bytes and inodes are asked of the file system, and a small file is really written: quotas and
 * read-only mounts show in no figure.
 */
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@fairlead/toolkit/file-error';
import type { HealthCheck, Verdict } from './health-checks.ts';

const MIB = 1024 * 1024;
/** Kept free: this share of the disk, and at most this much. */
const RESERVED_SHARE = 0.05;
const MOST_RESERVED_BYTES = 1024 * MIB;
const RESERVED_INODE_SHARE = 0.01;
const MOST_RESERVED_INODES = 10_000;
const PROBE_FILE = '.disk-probe';
const PROBE_BYTES = 64 * 1024;

export interface WatchedDisk {
  /** What lies there, in two words: `the database`. Told to anybody, so no path. */
  readonly holds: string;
  readonly folder: string;
  /** How room is made there. */
  readonly remedy: string;
}

/** Red where bytes or inodes run out, or where nothing can be written. */
export const diskCheck =
  ({ holds, folder, remedy }: WatchedDisk): HealthCheck =>
  async () => {
    const short = (what: string): Verdict => ({ ok: false, detail: `the disk of ${holds} ${what}: ${remedy}` });
    const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
    const [size, free] = [blocks * bsize, bavail * bsize];
    const reserved = Math.min(MOST_RESERVED_BYTES, size * RESERVED_SHARE);
    if (free < reserved)
      return short(`has ${mebibytes(free)} free of ${mebibytes(size)}, ${mebibytes(reserved)} are needed`);
    // Zero: this file system makes inodes as they are needed (btrfs).
    const reservedInodes = Math.min(MOST_RESERVED_INODES, Math.ceil(files * RESERVED_INODE_SHARE));
    if (files > 0 && ffree < reservedInodes) {
      return short(`has ${ffree} inodes free of ${files}, ${reservedInodes} are needed`);
    }
    const refused = await probe(join(folder, PROBE_FILE));
    if (refused !== undefined) return short(`takes no file (${refused})`);
    return { ok: true, detail: `the disk of ${holds} has ${mebibytes(free)} free of ${mebibytes(size)}` };
  };

const mebibytes = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`;

/** The system's code where nothing can be written; other replicas with this folder may probe at the same time. */
async function probe(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.writeFile(Buffer.alloc(PROBE_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return undefined;
  } catch (cause) {
    return systemCode(cause) ?? 'unknown error';
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}
