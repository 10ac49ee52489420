/** Sends a bundle in parts. Asks first how much has arrived, so that an interrupted upload goes on where it stopped. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, ProblemError, Unreachable } from '@fairlead/shared/api/client';
import type { publishApi } from '@fairlead/shared/api/publish-api';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import type { OpenRelease } from './open-release-file.ts';

const PART = 4 * 1024 * 1024;
/** Without progress; each part that arrives starts the count again. */
const ATTEMPTS = 6;

/** Resolves once the control plane holds every byte and has checked the digest. */
export async function uploadBundle(
  client: Pick<Client<typeof publishApi>, 'uploadState' | 'uploadPart'>,
  { file, manifest, bundle }: OpenRelease,
  onProgress: (bytes: number, of: number) => void,
  wait: (ms: number) => Promise<unknown> = pause,
): Promise<void> {
  const { sha256, size } = manifest.bundle;
  const params = { sha256 };
  let { received, complete } = await client.uploadState({ params });
  for (let failures = 0; !complete; ) {
    onProgress(received, size);
    try {
      const start = bundle.start + received;
      const body = await readPart(file, { start, length: Math.min(PART, size - received) });
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
