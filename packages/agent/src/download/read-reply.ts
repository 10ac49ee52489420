/** What the head of a server's answer means for a download that stands at `from`. Pure: an answer is only data here. */
import { isTerminalStatus } from '@fairlead/shared/update/retry';
import type { BlobReply } from './blob-source.ts';

export type Meaning =
  | { readonly is: 'continue' }
  /** The whole blob from its first byte: what is held is thrown away. */
  | { readonly is: 'from-start'; readonly etag: string | undefined }
  /** Busy or broken: again later. */
  | { readonly is: 'later'; readonly detail: string }
  /** Not our blob: a captive portal, a proxy that re-encodes. A few more tries, then the download fails. */
  | { readonly is: 'wrong'; readonly category: string; readonly detail: string }
  /** Asking again can't help. */
  | { readonly is: 'never'; readonly category: string; readonly detail: string };

export function readReply(
  { status, headers }: Pick<BlobReply, 'status' | 'headers'>,
  from: number,
  size: number,
): Meaning {
  const wrong = (category: string, detail: string): Meaning => ({ is: 'wrong', category, detail });
  if (isTerminalStatus(status)) return never(status);
  // Attack 60: a redirect would lead away from the configured server.
  if (status >= 300 && status < 400) return wrong('redirect', `The server answered ${status} and points elsewhere.`);
  // The part does not fit what the server has; the digest will tell what is right.
  if (status === 416) return wrong('range', `The server has nothing behind byte ${from}.`);
  if (status !== 200 && status !== 206) return { is: 'later', detail: `The server answered ${status}.` };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return wrong('encoding', `The answer is packed with ${encoding}, which nobody asked for.`);
  const start = status === 206 ? firstByte(headers['content-range']) : 0;
  // Attack 63: a range that starts elsewhere would leave a hole or an overlap.
  if (start !== 0 && start !== from) return wrong('range', `Bytes from ${from} were asked for and others came.`);
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== size - start) {
    return wrong('length', `${size - start} bytes were missing and ${length} are announced.`);
  }
  // A login page sent in chunks: its bytes would take the place of ours, and fail the digest of a good release.
  if (length === undefined && status === 200 && strong(headers['etag']) === undefined) {
    return wrong('length', 'The answer says neither how long it is nor which blob it is.');
  }
  return start === from && from > 0 ? { is: 'continue' } : { is: 'from-start', etag: strong(headers['etag']) };
}

function never(status: number): Meaning {
  const category = CATEGORY_OF[status] ?? 'http_status';
  return { is: 'never', category, detail: `The server answered ${status}: asking again does not help.` };
}
const CATEGORY_OF: Readonly<Record<number, string>> = {
  403: 'forbidden',
  404: 'not_found',
  410: 'not_found',
};

/** The first byte of `bytes 100-199/200`; NaN where it can't be read, which equals nothing. */
const firstByte = (range: string | undefined): number =>
  Number(/^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(range ?? '')?.[1] ?? Number.NaN);

/** Only a strong tag says that bytes are the same bytes (RFC 9110 8.8.1). */
const strong = (etag: string | undefined): string | undefined => (etag?.startsWith('"') ? etag : undefined);
