/**
 * An installed agent runs as the user `fairlead`; a person with sudo who runs a command beside it must not leave files
 * that this user can't read any more, and a self-test as root would prove nothing.
 */
import { stat } from 'node:fs/promises';

/** As root: goes on as the owner of `folder`, for good. Any other user, or a folder that is not there yet: nothing. */
export async function becomeOwnerOf(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await stat(folder).catch(() => undefined);
  if (!owner || owner.uid === 0) return;
  process.setgroups?.([owner.gid]);
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid);
}
