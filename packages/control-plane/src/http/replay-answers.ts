/** A person's POST with an Idempotency-Key is carried out once: a repetition gets the first one's answer. */
import type { Route } from '@fairlead/shared/api/route';
import type { Clock } from '@fairlead/shared/time';
import { DAY } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdempotentRequest } from '../store/idempotent-replies.ts';
import type { Store } from '../store/store.ts';
import { problem } from './problem.ts';

export const REPLAY_MEMORY_MS = DAY;

export type ReplayAnswers = (
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  carryOut: () => Promise<FastifyReply>,
) => Promise<FastifyReply>;

export function replayAnswers({ store, clock }: { readonly store: Store; readonly clock: Clock }): ReplayAnswers {
  const { idempotentReplies } = store;
  return async (route, request, reply, carryOut) => {
    const once = identify(route, request);
    if (!once) return carryOut();
    const claim = await idempotentReplies.claim(once, clock.now());
    if (claim.state === 'answered') {
      const { status, body } = claim.reply;
      return reply.status(status).type('application/json').header('idempotent-replayed', 'true').send(body);
    }
    if (claim.state === 'other-request') throw otherRequest();
    if (claim.state === 'running') throw stillRunning();
    try {
      return await carryOut();
    } catch (cause) {
      await idempotentReplies.release(once);
      throw cause;
    }
  };
}

/** The answer as it leaves: kept before it is sent, so that a lost answer can be asked for again. */
export function keepAnswers({ store }: { readonly store: Store }) {
  return async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    const route = request.routeOptions.config.api?.route;
    const once = route && reply.statusCode < 300 ? identify(route, request) : undefined;
    if (once && typeof payload === 'string') {
      await store.idempotentReplies.answer(once, { status: reply.statusCode, body: payload });
    }
    return payload;
  };
}

function identify(route: Route, request: FastifyRequest): IdempotentRequest | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || route.method !== 'POST' || route.secretReply || request.caller?.kind !== 'person') return;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key)) {
    throw problem('bad_request', 'Idempotency-Key must be 1 to 128 visible ASCII characters.');
  }
  const requestSha256 = sha256Hex(`${request.method} ${request.url}\n${JSON.stringify(request.body)}`);
  return { person: request.caller.id, key, requestSha256 };
}

const otherRequest = () =>
  problem('refused', 'This Idempotency-Key was used for another request.', { hint: 'Use a new key for each request.' });
const stillRunning = () =>
  problem('conflict', 'The first request with this Idempotency-Key is still being carried out.', {
    hint: 'Repeat it with the same key in a moment.',
    retryAfterSec: 2,
  });
