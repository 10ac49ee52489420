/**
 * Remembers accepted requests many at a time. A nonce must be on the disk before its request is answered; one wait for
 * the disk serves all requests that arrived meanwhile, instead of one wait each.
 */
import type { RequestNonces, SignedRequest } from '../store/request-nonces.ts';

/** False for a request that was accepted before. Rejects where it could not be made durable: then nobody may answer it. */
export type RememberRequest = (request: SignedRequest) => Promise<boolean>;

interface Waiting {
  readonly request: SignedRequest;
  resolve(isNew: boolean): void;
  reject(cause: unknown): void;
}
/** Rows of one statement. */
const LARGEST_BATCH = 500;

export function rememberRequests(nonces: Pick<RequestNonces, 'rememberAll'>): RememberRequest {
  let waiting: Waiting[] = [];
  let working = false;

  const work = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, LARGEST_BATCH);
      waiting = waiting.slice(LARGEST_BATCH);
      try {
        const isNew = await nonces.rememberAll(batch.map(({ request }) => request));
        batch.forEach(({ resolve }, at) => resolve(isNew[at] === true));
      } catch (cause) {
        for (const { reject } of batch) reject(cause);
      }
    }
    working = false;
  };

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (working) return;
      working = true;
      // After everything that has arrived by now was read.
      setImmediate(() => void work());
    });
}
