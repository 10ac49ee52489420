/** A Fastify app on which APIs are served: bodies, validation, authentication, problems, log and metrics are set. */

import { randomUUID } from 'node:crypto';
import type { Api, Route } from '@fairlead/shared/api/route';
import type { Clock } from '@fairlead/shared/time';
import fastifyJwt from '@fastify/jwt';
import fastifyRateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { measureRequests } from '../health/http-metrics.ts';
import { jwtSessions, SESSION_ALGORITHM, type Sessions } from '../people/sessions.ts';
import type { Store } from '../store/store.ts';
import { createAuthenticate } from './authenticate.ts';
import { personDoor } from './authenticate-person.ts';
import { robotDoors } from './authenticate-robot.ts';
import { limitBodies } from './body-deadline.ts';
import { connectionTimes, limitConnections } from './connection-limit.ts';
import type { Handlers } from './handlers.ts';
import { methodsOf } from './methods-of.ts';
import { openRequests } from './open-requests.ts';
import { problem } from './problem.ts';
import { readBodies } from './read-bodies.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import { keepAnswers, replayAnswers } from './replay-answers.ts';
import { replyWithProblem, replyWithProblems } from './reply-with-problem.ts';
import { addressOf, logRequests } from './request-log.ts';
import { authenticateEverything, serveApi } from './serve-api.ts';
import { validatorCompiler } from './validate.ts';

export interface AppDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** 32 random bytes or more: whoever has them can log in as anybody. */
  readonly sessionSecret: Uint8Array;
  /** host:port names under which robots reach this server, as of now: addresses come and go. */
  readonly authorities: () => readonly string[];
  /** Addresses or CIDR ranges of proxies whose word on the caller's address is believed. */
  readonly trustedProxies: readonly string[];
  readonly logger: FastifyBaseLogger;
  readonly metrics: Registry;
}
export interface App {
  readonly fastify: FastifyInstance;
  readonly sessions: Sessions;
  /** One handler per route of `api`. */
  serve<A extends Api>(api: A, handlers: Handlers<A>): void;
  /** Every route served so far. */
  routes(): readonly Route[];
}

const JSON_LIMIT = 1024 * 1024;

export async function createApp(deps: AppDeps): Promise<App> {
  const { store, clock, sessionSecret, authorities, trustedProxies, logger, metrics } = deps;
  const fastify = Fastify({
    loggerInstance: logger,
    // request-log.ts writes the one line per request.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: JSON_LIMIT,
    trustProxy: [...trustedProxies],
    frameworkErrors: (error, request, reply) => void replyWithProblem(error, request, reply),
    clientErrorHandler: refuseUnreadable,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 300 },
    ...connectionTimes(),
  });
  // While it listens: no descriptor is left for another connection, for example.
  fastify.server.on('error', (err) => logger.error({ err }, 'the server could not take a connection'));
  const connections = limitConnections(fastify, { trustedProxies });
  const routes: Route[] = [];
  const requests = openRequests();
  fastify.decorateRequest('rawBody');
  fastify.decorateRequest('caller');
  fastify.setValidatorCompiler(validatorCompiler);
  limitBodies(fastify);
  readBodies(fastify);
  replyWithProblems(fastify, (path) => methodsOf(routes, path));
  logRequests(fastify);
  measureRequests(fastify, metrics);
  fastify.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    // What changes must not be remembered by a proxy; versioned files say otherwise themselves.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  fastify.addHook('onSend', keepAnswers({ store }));
  // Long-polls end with a normal answer before the sockets are closed under them.
  fastify.addHook('preClose', async () => requests.endAll());

  await fastify.register(fastifyJwt, {
    secret: Buffer.from(sessionSecret),
    sign: { algorithm: SESSION_ALGORITHM },
    verify: { algorithms: [SESSION_ALGORITHM] },
  });
  const sessions = jwtSessions(fastify.jwt, clock);
  const authenticate = createAuthenticate({
    ...robotDoors({ store, clock, authorities }),
    person: personDoor({ store, clock, sessions }),
  });
  await fastify.register(fastifyRateLimit, {
    global: false,
    keyGenerator: (request) => addressOf(request) ?? 'gone',
    errorResponseBuilder: (_request, { ttl }) =>
      problem('rate_limited', 'Too many requests from this address.', { retryAfterSec: Math.ceil(ttl / 1000) }),
  });
  authenticateEverything(fastify, authenticate, ({ raw }) => connections.prove(raw.socket));

  const serving = { openRequests: requests, replayAnswers: replayAnswers({ store, clock }) };
  return {
    fastify,
    sessions,
    routes: () => routes,
    serve(api, handlers) {
      routes.push(...Object.values(api));
      serveApi(fastify, api, handlers, serving);
    },
  };
}
