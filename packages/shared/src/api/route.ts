/** One route definition, four uses: Fastify validation, OpenAPI 3.1, the typed client, the docs. */
import type { Static, TObject, TSchema } from 'typebox';

/** Ordered: each role may do what the one before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who may call: anybody; the robot named in the path (its Ed25519 request signature, TRUST 4.10), accepted
 * or still waiting to be; a robot that proves it holds the key it enrols; either an accepted robot or a viewer;
 * a person who has logged in, also with a password that must be changed, and no API token; or a person with at least
 * this role.
 */
export type Access = 'public' | 'robot' | 'waiting-robot' | 'enrolling-robot' | 'robot-or-viewer' | 'session' | Role;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
  readonly access: Access;
  readonly tag: string;
  readonly summary: string;
  readonly params?: TObject;
  readonly query?: TObject;
  /** A JSON schema, or 'bytes' for an unparsed octet stream. */
  readonly body?: TSchema | 'bytes';
  /** A JSON schema, 'bytes' for a stream, 'text' for text/plain. */
  readonly reply: TSchema | 'bytes' | 'text';
  /** Success status; default 200. */
  readonly status?: 200 | 201 | 202 | 204;
  /** Largest JSON body; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** How often one address may call per minute; unlimited where absent. */
  readonly callsPerMinute?: number;
  /** Every robot calls it all the time: where it went well, that is worth a line in the log only to whoever debugs. */
  readonly routine?: true;
  /** The reply carries an ETag; `checked`: and If-Match is honored, so that a command that was overtaken is refused (412). */
  readonly etag?: 'given' | 'checked';
  /** The reply holds a secret: it is never kept, so an Idempotency-Key has no effect. */
  readonly secretReply?: true;
}
export type Api = Readonly<Record<string, Route>>;

type Part<S> = S extends TSchema ? Static<S> : undefined;
export interface RequestOf<R extends Route> {
  readonly params: Part<R['params']>;
  readonly query: Part<R['query']>;
  readonly body: R['body'] extends 'bytes' ? Uint8Array : Part<R['body']>;
}
export type ReplyOf<R extends Route> = R['reply'] extends 'bytes'
  ? Uint8Array
  : R['reply'] extends 'text'
    ? string
    : Static<R['reply']>;
