/** One file of a release, looked at before anything opens it for its content. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import { systemCode } from '../../file-error.ts';
import { type Category, type Finding, finding } from '../findings.ts';

export interface FileOrder {
  readonly folder: string;
  /** The allow-list with digests; absent while a release is being built. */
  readonly files?: readonly ReleaseFile[];
}

/** Accepts with its size: a regular file, reached without any link, with the size and digest that are listed. */
export async function checkFile({ folder, files }: FileOrder, path: string): Promise<Result<number, Finding>> {
  const no = (category: Category, detail: string) => refuse(finding(category, path, detail));
  const listed = files?.find((file) => file.path === path);
  if (files && !listed) return no('file_missing', 'The file is not listed in the manifest of this release.');
  try {
    if ((await realpath(join(folder, path))) !== join(await realpath(folder), path)) {
      return no('type', 'The file is reached through a symbolic link.');
    }
    // O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
    await using handle = await open(
      join(folder, path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    const stat = await handle.stat();
    if (!stat.isFile()) return no('type', 'It is not a regular file.');
    if (!listed) return accept(stat.size);
    if (stat.size !== listed.size) return no('hash', `It has ${stat.size} bytes; the manifest says ${listed.size}.`);
    const hash = createHash('sha256');
    await pipeline(handle.createReadStream({ autoClose: false }), hash);
    if (hash.digest('hex') !== listed.sha256) return no('hash', 'Its SHA-256 is not the one in the manifest.');
    return accept(stat.size);
  } catch (error) {
    return no('file_missing', `The file cannot be read (${systemCode(error) ?? 'unreadable'}).`);
  }
}
