/** Adapter: blobs of the control plane over undici, asked for in the robot's name. */
import type { ClientOptions } from '@fairlead/shared/api/client';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { flattenHeaders } from '@fairlead/toolkit/http/flatten-headers';
import type { SendRequest } from '@fairlead/toolkit/http/send-request';
import type { BlobSource } from './blob-source.ts';

/** `authorise` signs each request anew: a robot signature is good for minutes, a download may take days. */
export function httpBlobSource(options: {
  readonly server: string;
  readonly send: SendRequest;
  readonly authorise: NonNullable<ClientOptions['authorise']>;
}): BlobSource {
  return {
    get: async ({ sha256, from, ifRange, signal }) => {
      const url = new URL(`/blobs/${sha256}`, options.server);
      const proof = options.authorise({ method: 'GET', url, headers: {} });
      const headers = {
        ...proof,
        'accept-encoding': 'identity',
        ...(from > 0 && { range: `bytes=${from}-` }),
        ...(from > 0 && ifRange !== undefined && { 'if-range': ifRange }),
      };
      const reply = await options.send(url, { headers, signal, headersTimeout: LIMITS.headersDeadlineMs });
      return { status: reply.statusCode, headers: flattenHeaders(reply.headers), body: reply.body };
    },
  };
}
