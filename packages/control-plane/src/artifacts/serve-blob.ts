/** A release's packed bytes over HTTP, so that a robot on a bad link fetches only what it still lacks. */
import type { filesApi } from '@fairlead/shared/api/files-api';
import type { BytesReply, Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { requestedRange } from './requested-range.ts';

export function blobHandlers(artifacts: ArtifactStore): Handlers<Pick<typeof filesApi, 'blob'>> {
  return {
    blob: async ({ params, headers }): Promise<BytesReply> => {
      const size = await artifacts.size(params.sha256);
      if (size === undefined) throw problem('not_found', `There is no blob ${params.sha256}.`);
      const etag = `"${params.sha256}"`;
      const common = { 'accept-ranges': 'bytes', etag, 'cache-control': 'private, max-age=31536000, immutable' };
      const reply = (status: 200 | 206 | 304 | 416, body: BytesReply['body'], more: Record<string, string>) => ({
        status,
        body,
        contentType: 'application/octet-stream',
        headers: { ...common, ...more },
      });
      if (headers['if-none-match'] === etag) return reply(304, new Uint8Array(), {});
      // If-Range: the part is only good beside the bytes the robot has; an unknown validator gets the whole blob.
      const wanted =
        headers['if-range'] === undefined || headers['if-range'] === etag ? text(headers['range']) : undefined;
      const range = requestedRange(wanted, size);
      if (range === 'unsatisfiable') return reply(416, new Uint8Array(), { 'content-range': `bytes */${size}` });
      const blob = await artifacts.open(params.sha256, range === 'whole' ? undefined : range);
      if (!blob) throw problem('not_found', `There is no blob ${params.sha256}.`);
      if (range === 'whole') return reply(200, blob.stream, { 'content-length': String(size) });
      return reply(206, blob.stream, {
        'content-length': String(range.end - range.start + 1),
        'content-range': `bytes ${range.start}-${range.end}/${size}`,
      });
    },
  };
}

/** A header sent twice means nothing. */
const text = (header: string | string[] | undefined) => (typeof header === 'string' ? header : undefined);
