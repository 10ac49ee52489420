/** What a handler is given and may answer, derived from its route: a missing or wrongly typed one does not compile. */
import type { Readable } from 'node:stream';
import type { Api, ReplyOf, RequestOf, Route } from '@fairlead/shared/api/route';
import type { CallerOf } from './caller.ts';

export type HandlerRequest<R extends Route> = Omit<RequestOf<R>, 'body'> & {
  /** Validated; for a `bytes` route the unread chunks. */
  readonly body: R['body'] extends 'bytes' ? AsyncIterable<Uint8Array> : RequestOf<R>['body'];
  readonly caller: CallerOf<R['access']>;
  /** Lower-case names, as received. Never log them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Fires when the caller has gone or the server wants to stop: a long-poll answers at once with what it has. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** Where the caller's connection, or a trusted proxy, says that it comes from. */
  readonly address: string;
};

/** Bytes with everything the handler wants to say about them; 206, 304 and 416 are the handler's to choose. */
export interface BytesReply {
  readonly body: Readable | Uint8Array;
  readonly contentType: string;
  readonly status?: 200 | 206 | 304 | 416;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A JSON answer with another status than the route's (readiness: 503), or with headers of its own. */
export class Answer<T> {
  readonly status: number;
  readonly value: T;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, value: T, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.value = value;
    this.headers = headers;
  }
}

export type HandlerReply<R extends Route> = R['reply'] extends 'bytes' ? BytesReply : ReplyOf<R> | Answer<ReplyOf<R>>;
export type Handler<R extends Route> = (request: HandlerRequest<R>) => Promise<HandlerReply<R>>;
/** One handler per route of `A`. */
export type Handlers<A extends Api> = { readonly [K in keyof A]: Handler<A[K]> };
