/** Signs what this robot asks (TRUST 4.10), and asks once more with the server's time where the two clocks differ. */
import { randomBytes } from 'node:crypto';
import type { Transport, TransportReply, TransportRequest } from '@fairlead/shared/api/client';
import { Problem } from '@fairlead/shared/api/problem';
import { parse } from '@fairlead/shared/parse';
import { type Clock, type Instant, instant, parseDate } from '@fairlead/shared/time';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { signRequest } from '@fairlead/shared/trust/http-signature';

export interface RequestSigner {
  /** Headers for one request; every call has a nonce of its own. */
  headersFor(request: Pick<TransportRequest, 'method' | 'url' | 'body'>): Record<string, string>;
  /** A transport that signs everything it sends. */
  transport: Transport;
}

export function createRequestSigner(deps: {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly transport: Transport;
  /** Milliseconds that no NTP step touches. */
  readonly monotonic: () => number;
}): RequestSigner {
  /**
   * What the server says the time is, for the `created` of signatures only. Its word is not authenticated, so it
   * never reaches the clock that judges expiry: the worst a liar gets is a signature with a useless date. Carried on by
   * the stopwatch and not as an offset of our clock, which itself jumps as soon as the director's time is believed.
   */
  let heard: { readonly time: Instant; readonly at: number } | undefined;
  const headersFor: RequestSigner['headersFor'] = (request) =>
    signRequest(request, deps.signer, {
      created: heard ? instant(heard.time + (deps.monotonic() - heard.at)) : deps.clock.now(),
      nonce: randomBytes(16).toString('hex'),
    });
  const send = (request: TransportRequest): Promise<TransportReply> =>
    deps.transport({ ...request, headers: { ...request.headers, ...headersFor(request) } });

  return {
    headersFor,
    transport: async (request) => {
      const reply = await send(request);
      const serverTime = reply.status === 401 ? serverTimeOf(reply) : undefined;
      if (serverTime === undefined) return reply;
      heard = { time: serverTime, at: deps.monotonic() };
      return send(request);
    },
  };
}

function serverTimeOf(reply: TransportReply): Instant | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(reply.body).toString('utf8'));
  } catch {
    return undefined;
  }
  const problem = parse(Problem, json);
  if (!problem.ok || problem.value.code !== 'clock_skew' || problem.value.serverTime === undefined) return undefined;
  return parseDate(problem.value.serverTime);
}
