/** What the operating system means by an error code. */
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';
/** No room: the disk itself, or a quota on it. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
/** The disk or its mount is broken, not merely full. */
export const isDiskTrouble = (error: unknown): boolean =>
  ['EIO', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOTDIR'].includes(codeOf(error) ?? '');
