/** One line per request: who, what, how it ended, how long it took. Never a header, never a body. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      method: request.method,
      // Queries may hold what their sender should not have put there.
      path: request.url.split('?')[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      caller: sayCaller(request),
      address: request.ip,
    };
    request.log[reply.statusCode >= 500 ? 'error' : 'info'](line, 'request');
  });
}

function sayCaller({ caller }: FastifyRequest): string {
  if (caller?.kind === 'robot') return `robot ${caller.robot}`;
  return caller?.kind === 'person' ? `${caller.role} ${caller.name}` : 'nobody';
}
