/**
 * One line per request: who, what, how it ended, how long it took. Never a header, never a body. What is routine is told
 * to whoever debugs: the check-ins of ten thousand robots are thirty million lines a day.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeOf } from './route-context.ts';

export function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    let answered = false;
    reply.raw.once('finish', () => {
      answered = true;
      const level = levelOf(reply.statusCode, routeOf(request)?.routine === true);
      // Nobody reads it, so nobody writes it: a line costs as much as the request's validation.
      if (level === 'debug' && !DEBUGGING.has(request.log.level)) return;
      request.log[level](
        { ...describe(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
        'request',
      );
    });
    // Whoever hangs up gets no answer, which Fastify's onResponse would never hear of.
    reply.raw.once('close', () => {
      if (!answered) request.log.info({ ...describe(request), hungUp: true }, 'request');
    });
  });
}

const DEBUGGING: ReadonlySet<string> = new Set(['debug', 'trace']);

function levelOf(status: number, routine: boolean): 'debug' | 'info' | 'error' {
  if (status >= 500) return 'error';
  return routine && status < 400 ? 'debug' : 'info';
}

const describe = (request: FastifyRequest) => ({
  method: request.method,
  // Queries may hold what their sender should not have put there.
  path: request.url.split('?')[0],
  caller: sayCaller(request),
  address: request.ip,
});

function sayCaller({ caller }: FastifyRequest): string {
  if (caller?.kind === 'robot') return `robot ${caller.robot}`;
  return caller?.kind === 'person' ? `${caller.role} ${caller.name}` : 'nobody';
}
