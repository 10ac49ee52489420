/** How Fastify's own log lines show a request and a reply. They are written in the middle of failures and never throw. */
import { neverThrowing } from '@fairlead/toolkit/process/safe-logger';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Without address and headers: a socket may be gone, and a header may hold a secret. */
export const LOG_SERIALIZERS = {
  req: neverThrowing(({ method, url }: FastifyRequest) => ({ method, path: url.split('?')[0] })),
  res: neverThrowing(({ statusCode }: FastifyReply) => ({ statusCode })),
};
