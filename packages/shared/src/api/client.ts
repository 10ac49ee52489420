/**
 * The typed client that agent, CLI and dashboard share: it is derived from the same route definitions the
 * server serves, checks every reply against its schema and turns problem documents into errors.
 */
import type { Static, TSchema } from 'typebox';
import { Failure } from '../failure.ts';
import { parse } from '../parse.ts';
import { parseDate, SECOND } from '../time.ts';
import { parseRetryAfter } from '../update/retry.ts';
import { foreignAnswer, isEncoded } from './foreign-answer.ts';
import { PROBLEM_TYPE, Problem } from './problem.ts';
import type { Api, ReplyOf, Route } from './route.ts';

export interface TransportRequest {
  readonly method: Route['method'];
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
  /** How long the server may take to answer, milliseconds; absent: as long as the transport allows. */
  readonly patienceMs?: number;
}
export interface TransportReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}
/** Port: one HTTP exchange. Rejects where no whole answer came; follows no redirect, decodes no encoding. */
export type Transport = (request: TransportRequest) => Promise<TransportReply>;

export interface ClientOptions {
  readonly baseUrl: string;
  readonly transport: Transport;
  /** Headers that prove who asks: a bearer token, or the robot's signature over this very request. */
  readonly authorise?: (request: TransportRequest) => Record<string, string>;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** How long the server may take to answer, milliseconds. */
  readonly patienceMs?: number;
  /** A repeated POST with the same key is answered with the first one's reply. */
  readonly idempotencyKey?: string;
  /** The revision that the caller saw: where it has changed, the request is refused (412). Absent: no condition. */
  readonly ifMatch?: string;
}

type Given<Name extends string, S> = S extends TSchema
  ? Record<never, never> extends Static<S>
    ? { readonly [K in Name]?: Static<S> }
    : { readonly [K in Name]: Static<S> }
  : { readonly [K in Name]?: undefined };
type BodyOf<R extends Route> = R['body'] extends 'bytes' ? { readonly body: Uint8Array } : Given<'body', R['body']>;
export type InputOf<R extends Route> = Given<'params', R['params']> & Given<'query', R['query']> & BodyOf<R>;
type Arguments<R extends Route> =
  Record<never, never> extends InputOf<R>
    ? [input?: InputOf<R>, options?: CallOptions]
    : [input: InputOf<R>, options?: CallOptions];
/** One method per route; rejects with `ProblemError` (the server said no) or `Unreachable` (nobody answered). */
export type Client<A extends Api> = {
  readonly [K in keyof A]: (...args: Arguments<A[K]>) => Promise<ReplyOf<A[K]>>;
};

/** The server answered, and said no. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfterSec?: number;
  constructor(problem: Problem, retryAfterSec?: number) {
    super(problem.detail);
    this.problem = problem;
    if (retryAfterSec !== undefined) this.retryAfterSec = retryAfterSec;
  }
}

/** No whole answer came: the network, the name, or the server is down. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly url: string;
  constructor(url: URL, cause: unknown) {
    super(`${url.origin} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.url = url.href;
  }
}

export function createClient<A extends Api>(api: A, options: ClientOptions): Client<A> {
  const calls = Object.entries(api).map(([name, route]) => [
    name,
    (input?: AnyInput, call?: CallOptions) => exchange(route, input ?? {}, call ?? {}, options),
  ]);
  return Object.fromEntries(calls) as Client<A>;
}

interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

async function exchange(route: Route, input: AnyInput, call: CallOptions, options: ClientOptions): Promise<unknown> {
  const request = makeRequest(route, input, call, options.baseUrl);
  Object.assign(request.headers, options.authorise?.(request));
  let reply: TransportReply;
  try {
    reply = await options.transport(request);
  } catch (cause) {
    // The caller's own wish is no network failure, and what this machine lacks is none of the server.
    if (call.signal?.aborted || cause instanceof Failure) throw cause;
    throw new Unreachable(request.url, cause);
  }
  if (reply.status >= 200 && reply.status < 300) return readReply(route, reply, request.url);
  throw new ProblemError(readProblem(reply, request.url), retryAfterOf(reply.headers));
}

function makeRequest(route: Route, input: AnyInput, call: CallOptions, baseUrl: string): TransportRequest {
  const url = new URL(baseUrl.replace(/\/+$/, '') + fillPath(route.path, input.params ?? {}));
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { accept: `application/json, ${PROBLEM_TYPE}, */*` };
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
  if (call.ifMatch !== undefined) headers['if-match'] = `"${call.ifMatch}"`;
  const body = bodyBytes(route, input.body);
  if (body) headers['content-type'] = route.body === 'bytes' ? 'application/octet-stream' : 'application/json';
  return {
    method: route.method,
    url,
    headers,
    ...(body && { body }),
    ...(call.signal && { signal: call.signal }),
    ...(call.patienceMs !== undefined && { patienceMs: call.patienceMs }),
  };
}

function fillPath(path: string, params: Readonly<Record<string, unknown>>): string {
  const filled = path.replace(/:([A-Za-z0-9]+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  return filled.replace('*', () => String(params['*']).split('/').map(encodeURIComponent).join('/'));
}

function bodyBytes(route: Route, body: unknown): Uint8Array | undefined {
  if (route.body === undefined) return undefined;
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(JSON.stringify(body ?? {}));
}

function readReply(route: Route, reply: TransportReply, url: URL): unknown {
  if (isEncoded(reply)) throw new ProblemError(foreignAnswer(reply, url, 'encoded'));
  if (route.reply === 'bytes') return reply.body;
  if (route.reply === 'text') return new TextDecoder().decode(reply.body);
  const value = readJson(reply.body);
  const parsed = parse(route.reply, value);
  if (parsed.ok) return parsed.value;
  const first = parsed.refused[0];
  throw new ProblemError(
    foreignAnswer(reply, url, `${first?.at ?? ''} ${first?.message ?? 'is not as expected'}`.trim()),
  );
}

function readProblem(reply: TransportReply, url: URL): Problem {
  const parsed = parse(Problem, readJson(reply.body));
  return parsed.ok ? parsed.value : foreignAnswer(reply, url, `HTTP ${reply.status}`);
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Seconds. A date is read against the server's own clock: a robot's may be anywhere. */
function retryAfterOf({ 'retry-after': header, date }: Record<string, string>): number | undefined {
  const ms = parseRetryAfter(header, (date === undefined ? undefined : parseDate(date)) ?? Number.NaN);
  return ms === undefined || Number.isNaN(ms) ? undefined : Math.ceil(ms / SECOND);
}
