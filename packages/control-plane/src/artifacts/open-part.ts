/** The file of an upload on its way, for one uploader of perhaps several. */
import { constants, open, stat } from 'node:fs/promises';
import { Failure } from '@fairlead/shared/failure';
import { systemCode } from '@fairlead/toolkit/file-error';

export interface PartFile {
  /** False once another uploader has completed or discarded the file: what is written to it then is in no blob. */
  isCurrent(): Promise<boolean>;
  /** All of `chunk`, or it rejects. */
  write(chunk: Uint8Array, at: number): Promise<void>;
  truncate(to: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens (and creates) the file. A full disk is a failure with the operator's next move. */
export async function openPart(path: string): Promise<PartFile> {
  const handle = await asDiskFull(open(path, constants.O_WRONLY | constants.O_CREAT, 0o644));
  const { ino } = await handle.stat();
  return {
    isCurrent: async () => {
      try {
        return (await stat(path)).ino === ino;
      } catch (cause) {
        if (systemCode(cause) === 'ENOENT') return false;
        throw cause;
      }
    },
    async write(chunk, at) {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await asDiskFull(handle.write(chunk, done, chunk.length - done, at + done));
        done += bytesWritten;
      }
    },
    truncate: (to) => handle.truncate(to),
    sync: () => asDiskFull(handle.sync()),
    close: () => handle.close(),
  };
}

async function asDiskFull<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw systemCode(cause) === 'ENOSPC' ? diskFull(cause) : cause;
  }
}

const diskFull = (cause: unknown): Failure =>
  new Failure(
    {
      phase: 'publish',
      element: 'artifact store',
      category: 'disk_full',
      detail: 'The disk of the control plane is full; the upload is kept and resumes.',
      retryable: true,
      hint: 'Free space in the blob folder of the control plane, then run the same command again.',
    },
    { cause },
  );
