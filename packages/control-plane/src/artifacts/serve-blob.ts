/**
 * A release's packed bytes over HTTP, so that a robot on a bad link fetches only what it still lacks. A robot reads the blobs
 * of releases that were published in its own environment, revoked ones too: it may still run one, and repair it. Why not only
 * those that it was ordered is in docs/decisions/0050.
 */
import type { filesApi } from '@fairlead/shared/api/files-api';
import type { Sha256 } from '@fairlead/shared/ids';
import { needRobot } from '../fleet/list-robots.ts';
import type { PersonCaller, RobotCaller } from '../http/caller.ts';
import type { BytesReply, Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { requestedRange } from './requested-range.ts';

interface BlobDeps {
  readonly artifacts: ArtifactStore;
  readonly store: Store;
}

export function blobHandlers({ artifacts, store }: BlobDeps): Handlers<Pick<typeof filesApi, 'blob'>> {
  return {
    blob: async ({ params, headers, caller }): Promise<BytesReply> => {
      // One answer for what is not here and what is not for this robot: it tells nothing of other environments.
      const size = (await mayRead(store, caller, params.sha256)) ? await artifacts.size(params.sha256) : undefined;
      if (size === undefined) throw noBlob(params.sha256);
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
      if (!blob) throw noBlob(params.sha256);
      if (range === 'whole') return reply(200, blob.stream, { 'content-length': String(size) });
      return reply(206, blob.stream, {
        'content-length': String(range.end - range.start + 1),
        'content-range': `bytes ${range.start}-${range.end}/${size}`,
      });
    },
  };
}

/** People may, whom the route lets in; robots where it is of their environment. */
async function mayRead(store: Store, caller: PersonCaller | RobotCaller, blob: Sha256): Promise<boolean> {
  if (caller.kind !== 'robot') return true;
  const { environment } = await needRobot(store, caller.robot);
  return store.releases.isBlobOf(environment, blob);
}

const noBlob = (blob: Sha256) =>
  problem('not_found', `There is no blob ${blob} for this caller.`, {
    hint: 'If its release is published, its bytes were lost on the control plane: publish the same file again.',
  });

/** A header sent twice means nothing. */
const text = (header: string | string[] | undefined) => (typeof header === 'string' ? header : undefined);
