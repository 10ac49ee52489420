/** Sends the blobs of a release in parts. Asks first how much has arrived, so that an interrupted upload goes on where it stopped. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, ProblemError, Unreachable } from '@fairlead/shared/api/client';
import type { publishApi } from '@fairlead/shared/api/publish-api';
import type { Sha256 } from '@fairlead/shared/ids';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import type { OpenRelease } from './open-release-file.ts';

const PART = 4 * 1024 * 1024;
/** Without progress; each part that arrives starts the count again. */
const ATTEMPTS = 6;

type Uploads = Pick<Client<typeof publishApi>, 'uploadState' | 'uploadPart'>;
type Wait = (ms: number) => Promise<unknown>;
interface Blob {
  readonly sha256: Sha256;
  readonly size: number;
  readonly read: (part: { readonly start: number; readonly length: number }) => Promise<Uint8Array>;
}

/** Resolves once the control plane holds every byte, of a list of files too, and has checked the digests. Progress is the bundle's. */
export async function uploadBundle(
  client: Uploads,
  { file, manifest, bundle, fileList }: OpenRelease,
  onProgress: (bytes: number, of: number) => void,
  wait: Wait = pause,
): Promise<void> {
  if (fileList && manifest.fileList) {
    const read: Blob['read'] = async ({ start, length }) => fileList.subarray(start, start + length);
    await uploadBlob(client, { ...manifest.fileList, read }, () => undefined, wait);
  }
  const read: Blob['read'] = ({ start, length }) => readPart(file, { start: bundle.start + start, length });
  await uploadBlob(client, { ...manifest.bundle, read }, onProgress, wait);
}

async function uploadBlob(
  client: Uploads,
  { sha256, size, read }: Blob,
  onProgress: (bytes: number, of: number) => void,
  wait: Wait,
): Promise<void> {
  const params = { sha256 };
  let { received, complete } = await client.uploadState({ params });
  for (let failures = 0; !complete; ) {
    onProgress(received, size);
    try {
      const body = await read({ start: received, length: Math.min(PART, size - received) });
      ({ received, complete } = await client.uploadPart({ params, query: { offset: received, size }, body }));
      failures = 0;
    } catch (error) {
      if (!canRecover(error) || ++failures >= ATTEMPTS) throw error;
      await wait(Math.random() * 200 * 2 ** failures);
      // Nobody knows how much of a part that was cut off has arrived: the server does.
      ({ received, complete } = await client.uploadState({ params }));
    }
  }
  onProgress(size, size);
}

async function readPart(file: string, part: { readonly start: number; readonly length: number }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readChunks(file, part)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const canRecover = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof ProblemError && (error.problem.code === 'offset_mismatch' || error.problem.status >= 500));
