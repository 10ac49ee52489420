/** What the operating system, or SQLite in its place, means by an error code. */
import type { Refusal } from '@fairlead/shared/failure';
import { systemCode } from '@fairlead/toolkit/file-error';

/** No room: the disk itself, or a quota on it. SHMSIZE is what SQLite says where its shared memory file can't grow. */
export const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes(systemCode(error) ?? '');
/** The disk or its mount is broken, not merely full; a file where a folder belongs, or the reverse, is damage too. */
const isDiskTrouble = (error: unknown): boolean =>
  ['EIO', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOTDIR', 'EISDIR', 'EEXIST'].includes(
    systemCode(error) ?? '',
  ) || /^SQLITE_(IOERR|READONLY|CANTOPEN)/.test(systemCode(error) ?? '');

/** How such an error is told; undefined where the disk is not to blame. */
export function sayDiskError(error: unknown): Pick<Refusal, 'category' | 'hint'> | undefined {
  const full = "Free space on the file system of the agent's root folder.";
  if (isFull(error)) return { category: 'disk_full', hint: full };
  if (isDiskTrouble(error)) return { category: 'io', hint: 'Check the disk and how it is mounted (dmesg, mount).' };
  return undefined;
}
