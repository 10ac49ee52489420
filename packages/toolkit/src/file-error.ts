/** Errors of the operating system in words: what a person reads who never met ENOENT. */

/** What is wrong with the file, without its path: `there is no such file`. Other errors keep their own message. */
export function describeFileError(error: unknown): string {
  const code = systemCode(error);
  const words = code === undefined ? undefined : WORDS[code];
  return words ?? (error instanceof Error ? error.message : String(error));
}

/** `ENOENT` and the like; undefined where the error is none of the operating system. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const isMissing = (error: unknown): boolean => systemCode(error) === 'ENOENT';
export const isFolder = (error: unknown): boolean => systemCode(error) === 'EISDIR';
export const isExisting = (error: unknown): boolean => systemCode(error) === 'EEXIST';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'this user may not open it (permission denied)',
  EPERM: 'this user may not do that (operation not permitted)',
  EEXIST: 'it exists already',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota of this user is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error',
  ELOOP: 'too many symbolic links in the path',
  ENAMETOOLONG: 'the path is too long',
  ENOTEMPTY: 'the folder is not empty',
  EXDEV: 'the two paths are on different file systems',
  EMFILE: 'this process has too many open files',
};
