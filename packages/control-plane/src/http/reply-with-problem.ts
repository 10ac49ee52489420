/** Every error of the API leaves here, as a problem document and never with a stack. */
import { PROBLEM_TYPE, type ProblemCode } from '@fairlead/shared/api/problem';
import { Failure } from '@fairlead/shared/failure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemReply, problem } from './problem.ts';

/** What Fastify itself refuses, before any handler. */
const BY_FASTIFY_CODE: Readonly<Record<string, { code: ProblemCode; detail: string; hint?: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'too_large', detail: 'The body is larger than this route takes.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media',
    detail: 'The content-type of the body is missing or unknown.',
    hint: 'Send application/json, or application/octet-stream for uploads.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'bad_request', detail: 'The body is not as long as its content-length.' },
  FST_ERR_BAD_URL: { code: 'bad_request', detail: 'The path is not a valid URL.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'There is nothing under a name that long.' },
};

/** `methodsOf`: which methods a path knows, so that a wrong method is told apart from a wrong path. */
export function replyWithProblems(app: FastifyInstance, methodsOf: (path: string) => readonly string[]): void {
  app.setErrorHandler(replyWithProblem);
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url.split('?')[0] ?? '');
    if (methods.length === 0) {
      const hint = 'GET /api/v1/openapi.json lists every route.';
      return send(
        problem('not_found', `There is nothing at ${request.method} ${request.url}.`, { hint }),
        request,
        reply,
      );
    }
    reply.header('allow', methods.join(', '));
    const detail = `${request.method} is not one of this path's methods: ${methods.join(', ')}.`;
    return send(problem('method_not_allowed', detail), request, reply);
  });
}

/** Also for what fails before Fastify has found a route. */
export function replyWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  try {
    return send(toProblem(error, request), request, reply);
  } catch {
    // No reply can be sent any more, for example because its head has left: the caller sees a closed connection.
    reply.raw.destroy();
    return reply;
  }
}

function send(refusal: ProblemReply, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer realm="fairlead"');
  if (refusal.options.retryAfterSec !== undefined) reply.header('retry-after', String(refusal.options.retryAfterSec));
  // Serialised here: the route's own reply schema describes success.
  return reply
    .status(refusal.status)
    .type(PROBLEM_TYPE)
    .serializer((document) => JSON.stringify(document))
    .send(refusal.document(request.id));
}

function toProblem(error: unknown, request: FastifyRequest): ProblemReply {
  if (error instanceof ProblemReply) return error;
  const { code, statusCode } = describe(error);
  const known = BY_FASTIFY_CODE[code];
  if (known) return problem(known.code, known.detail, known.hint === undefined ? {} : { hint: known.hint });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return problem('bad_request', error instanceof Error ? error.message : 'The request is not of the right form.');
  }
  if (isUnstorable(code)) {
    return problem('bad_request', 'The request holds a number or a text that the database cannot store.', {
      cause: error,
    });
  }
  request.log.error({ err: error }, 'request failed');
  if (error instanceof Failure) {
    return problem('unavailable', error.refusal.detail, { hint: error.refusal.hint, retryAfterSec: 30, cause: error });
  }
  if (isDiskFull(code)) {
    return problem('unavailable', 'The disk of the control plane, or of its database, is full.', {
      hint: 'Free space there, then repeat the request: nothing of it was kept.',
      retryAfterSec: 30,
      cause: error,
    });
  }
  const hint = `The log of the control plane says why, under request id ${request.id}.`;
  return problem('internal', 'The control plane failed on this request.', { hint, cause: error });
}

/** As PostgreSQL names a number out of range, and text or JSON that is not well-formed or holds NUL. */
const isUnstorable = (code: string): boolean => ['22003', '22021', '22P02', '22P05'].includes(code);

/** As the operating system, SQLite and PostgreSQL name it. */
const isDiskFull = (code: string): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', '53100'].includes(code);

function describe(error: unknown): { code: string; statusCode?: number } {
  const { code, statusCode } = Object(error) as { code?: unknown; statusCode?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    ...(typeof statusCode === 'number' && { statusCode }),
  };
}
