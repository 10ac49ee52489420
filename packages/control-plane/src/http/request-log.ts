/**
 * One line per request: who, what, how it ended, how long it took. Never a header, never a body. What is routine is told
 * to whoever debugs: the check-ins of ten thousand robots are thirty million lines a day.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeOf } from './route-context.ts';

export function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    let answered = false;
    const address = addressOf(request);
    // Outside of any request handler: what is thrown here would be an uncaught exception.
    const write = (level: 'debug' | 'info' | 'error', facts: object): void => {
      try {
        request.log[level]({ ...describe(request), address, ...facts }, 'request');
      } catch {
        // A line that can't be written must not end the control plane.
      }
    };
    reply.raw.once('finish', () => {
      answered = true;
      const level = levelOf(reply.statusCode, routeOf(request)?.routine === true);
      // Nobody reads it, so nobody writes it: a line costs as much as the request's validation.
      if (level === 'debug' && !DEBUGGING.has(request.log.level)) return;
      write(level, { status: reply.statusCode, ms: Math.round(reply.elapsedTime) });
    });
    // Whoever hangs up gets no answer, which Fastify's onResponse would never hear of.
    reply.raw.once('close', () => {
      if (!answered) write('info', { hungUp: true });
    });
  });
}

const DEBUGGING: ReadonlySet<string> = new Set(['debug', 'trace']);

function levelOf(status: number, routine: boolean): 'debug' | 'info' | 'error' {
  if (status >= 500) return 'error';
  return routine && status < 400 ? 'debug' : 'info';
}

/** The address of the caller; undefined where its socket is gone already, for which Fastify's `request.ip` throws. */
export function addressOf(request: FastifyRequest): string | undefined {
  try {
    return request.ip;
  } catch {
    return undefined;
  }
}

const describe = (request: FastifyRequest) => ({
  method: request.method,
  // Queries may hold what their sender should not have put there.
  path: request.url.split('?')[0],
  caller: sayCaller(request),
});

function sayCaller({ caller }: FastifyRequest): string {
  if (caller?.kind === 'robot') return `robot ${caller.robot}`;
  return caller?.kind === 'person' ? `${caller.role} ${caller.actor}` : 'nobody';
}
