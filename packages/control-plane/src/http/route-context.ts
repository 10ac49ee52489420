/** What serve-api hangs on Fastify's own objects: the route each request belongs to, its bytes and its caller. */
import type { Route } from '@fairlead/shared/api/route';
import type { FastifyRequest } from 'fastify';
import type { Caller } from './caller.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent for what no API defines, such as the answer to an unknown path. */
    api?: { readonly route: Route };
  }
  interface FastifyRequest {
    /** The JSON body as received: a robot's signature covers these bytes. */
    rawBody: Uint8Array | undefined;
    /** Set before the handler runs. */
    caller: Caller | undefined;
  }
}

export const routeOf = (request: FastifyRequest): Route | undefined => request.routeOptions.config.api?.route;
