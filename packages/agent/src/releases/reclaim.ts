/**
 * A disk or a person may leave a file where a folder belongs, or a folder where a file belongs. It can't be what the
 * agent wrote, so it is moved aside for the janitor: it must not keep a robot from its releases for ever.
 */
import { makeFolderDurably, moveAside, writeDurably } from '@fairlead/toolkit/durable-files';
import { isExisting, isFolder } from '@fairlead/toolkit/file-error';

/** `makeFolderDurably`, also where a file is in its place. */
export async function reclaimFolder(path: string): Promise<void> {
  await makeFolderDurably(path).catch(async (error: unknown) => {
    if (!isExisting(error)) throw error;
    await moveAside(path);
    await makeFolderDurably(path);
  });
}

/** `writeDurably`, also where a folder is in its place. */
export async function reclaimFile(path: string, content: string | Uint8Array): Promise<void> {
  await writeDurably(path, content).catch(async (error: unknown) => {
    if (!isFolder(error)) throw error;
    await moveAside(path);
    await writeDurably(path, content);
  });
}
