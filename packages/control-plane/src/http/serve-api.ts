/** Serves route definitions: validation, authentication, replies and refusals are the same for each of them. */
import { Readable } from 'node:stream';
import type { Api, Route } from '@fairlead/shared/api/route';
import { SECOND } from '@fairlead/shared/time';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate } from './authenticate.ts';
import { refuseOtherBody } from './authenticate-robot.ts';
import { allowLongBody } from './body-deadline.ts';
import { Answer, type BytesReply, type Handler, type Handlers } from './handlers.ts';
import type { OpenRequests } from './open-requests.ts';
import type { ReplayAnswers } from './replay-answers.ts';
import { addressOf } from './request-log.ts';
import { routeOf } from './route-context.ts';

export interface ServeDeps {
  readonly openRequests: OpenRequests;
  readonly replayAnswers: ReplayAnswers;
}

/**
 * Before the body is read. A robot's signature covers the digest of its body, which is compared afterwards. Only a robot that
 * enrolls brings its key in the body itself.
 */
export function authenticateEverything(
  app: FastifyInstance,
  authenticate: Authenticate,
  proven: (request: FastifyRequest) => void,
): void {
  const ask = async (request: FastifyRequest) => {
    const route = routeOf(request);
    if (!route) return;
    request.caller = await authenticate(route.access, incoming(request));
    if (request.caller.kind !== 'nobody') proven(request);
  };
  app.addHook('onRequest', async (request) => {
    if (routeOf(request)?.access !== 'enrolling-robot') await ask(request);
  });
  app.addHook('preValidation', async (request) => {
    if (routeOf(request)?.access === 'enrolling-robot') await ask(request);
    const { caller, rawBody = new Uint8Array() } = request;
    if (caller?.kind === 'robot') refuseOtherBody(caller.contentDigest, rawBody);
  });
}

const incoming = (request: FastifyRequest) => {
  const [path, query] = splitOnce(request.raw.url ?? '', '?');
  const { method, headers, body, params } = request;
  return { method, path, query, headers, rawBody: request.rawBody ?? new Uint8Array(), body, params };
};

const splitOnce = (text: string, mark: string): [string, string] => {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

export function serveApi<A extends Api>(app: FastifyInstance, api: A, handlers: Handlers<A>, deps: ServeDeps): void {
  for (const [name, route] of Object.entries(api)) {
    // The type of `Handlers` has paired them already; Fastify hands over what the route's schemas have checked.
    serveRoute(app, route, handlers[name] as unknown as Handler<Route>, deps);
  }
}

function serveRoute(app: FastifyInstance, route: Route, handler: Handler<Route>, deps: ServeDeps): void {
  app.route({
    method: route.method,
    url: route.path,
    schema: schemasOf(route),
    // The answer that every robot gets twice a minute: its handler has built exactly this and nothing else.
    ...(route.routine && { serializerCompiler: () => (answer: unknown) => JSON.stringify(answer) }),
    config: {
      api: { route },
      ...(route.callsPerMinute !== undefined && { rateLimit: { max: route.callsPerMinute, timeWindow: 60_000 } }),
    },
    ...(route.maxBodyBytes !== undefined && { bodyLimit: route.maxBodyBytes }),
    preValidation: async (request) => {
      // `curl -X POST` without a body means no wishes; what the schema requires it still names.
      if (route.body !== undefined && route.body !== 'bytes') request.body ??= {};
    },
    handler: (request, reply) => {
      if (route.body === 'bytes') {
        allowLongBody(request.raw);
        drainAfterReply(request, reply);
      }
      return deps.replayAnswers(route, request, reply, async () => {
        const answer = await handler(handed(route, request, () => deps.openRequests.signalFor(reply)));
        return sendAnswer(route, answer, reply);
      });
    },
  });
}

/** How long the rest of an upload may take that was answered before its end. */
const DRAIN_MS = 5 * SECOND;

/**
 * An upload that is refused in its middle is answered at once. A socket closed with unread bytes would be reset, and the
 * caller would never read why: the rest is thrown away for a while first.
 */
function drainAfterReply({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (raw.complete || raw.destroyed) return;
    raw.resume();
    const timer = setTimeout(() => raw.destroy(), DRAIN_MS).unref();
    raw.once('close', () => clearTimeout(timer));
  });
}

const schemasOf = (route: Route) => ({
  ...(route.params && { params: route.params }),
  ...(route.query && { querystring: route.query }),
  ...(route.body !== undefined && route.body !== 'bytes' && { body: route.body }),
  ...(typeof route.reply === 'object' && { response: { [route.status ?? 200]: route.reply } }),
});

/** A handler that stops reading must not close the connection: its answer still has to leave. */
const chunksOf = (body: unknown): AsyncIterable<Uint8Array> =>
  body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : Readable.from([]);

/** The types of `Handler<Route>` are the widest of all routes: each real handler sees its own. */
const handed = (route: Route, request: FastifyRequest, signal: () => AbortSignal): Parameters<Handler<Route>>[0] =>
  ({
    params: request.params,
    query: request.query,
    body: route.body === 'bytes' ? chunksOf(request.body) : request.body,
    caller: request.caller,
    headers: request.headers,
    // Few handlers wait: whoever does, asks once.
    get signal() {
      return signal();
    },
    requestId: request.id,
    address: addressOf(request) ?? 'unknown',
  }) as Parameters<Handler<Route>>[0];

function sendAnswer(route: Route, answer: unknown, reply: FastifyReply): FastifyReply {
  if (route.reply === 'bytes') return sendBytes(answer as BytesReply, reply);
  if (route.reply === 'text') return reply.type('text/plain; charset=utf-8').send(answer);
  if (answer instanceof Answer)
    return reply
      .status(answer.status)
      .headers({ ...answer.headers })
      .send(answer.value);
  return reply.status(route.status ?? 200).send(answer);
}

function sendBytes({ status, headers, contentType, body }: BytesReply, reply: FastifyReply): FastifyReply {
  if (body instanceof Readable) {
    // Fastify listens only from the moment it sends: what fails before that, or is never sent, ends here.
    body.on('error', () => undefined);
    reply.raw.once('close', () => body.destroy());
  }
  return reply
    .status(status ?? 200)
    .headers({ ...headers })
    .type(contentType)
    .send(body instanceof Readable ? body : Buffer.from(body));
}
