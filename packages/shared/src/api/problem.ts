/** RFC 9457 problem documents: every error of the API, with a stable code and what to do next. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';

export const PROBLEM_TYPE = 'application/problem+json';

// biome-ignore format: the table is read by column
export const PROBLEMS = {
  bad_request:          { status: 400, title: 'The request is not of the right form' },
  unauthenticated:      { status: 401, title: 'Who are you?' },
  bad_signature:        { status: 401, title: 'The request signature does not hold' },
  replay:               { status: 401, title: 'This signed request was seen before' },
  clock_skew:           { status: 401, title: "The request's time is too far from the server's" },
  forbidden:            { status: 403, title: 'Your role may not do this' },
  must_change_password: { status: 403, title: 'Choose a password of your own first' },
  not_found:            { status: 404, title: 'There is no such thing' },
  method_not_allowed:   { status: 405, title: 'This path knows other methods' },
  conflict:             { status: 409, title: 'Somebody else was faster' },
  version_conflict:     { status: 409, title: 'The signed role has changed since you read it' },
  already_exists:       { status: 409, title: 'It exists already' },
  fork:                 { status: 409, title: 'Two holders of one robot key' },
  precondition_failed:  { status: 412, title: 'It has changed since you looked' },
  offset_mismatch:      { status: 409, title: 'The upload stands at another offset' },
  too_large:            { status: 413, title: 'Too large' },
  unsupported_media:    { status: 415, title: 'The body is of the wrong type' },
  refused:              { status: 422, title: 'The content was refused' },
  rate_limited:         { status: 429, title: 'Too many requests' },
  internal:             { status: 500, title: 'The control plane failed' },
  unavailable:          { status: 503, title: 'Not ready' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'about:blank, or a link to the documentation of the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable, for programs.' }),
    detail: Type.String({ description: 'What was wrong with this request, and where.' }),
    hint: Type.Optional(Type.String({ description: 'What to do next.' })),
    mistakes: Type.Optional(Type.Array(Type.Object({ at: Type.String(), message: Type.String() }))),
    refusal: Type.Optional(Refusal),
    /** For clock_skew: the server's time, so that the robot can retry once with the right offset. */
    serverTime: Type.Optional(Type.String()),
    /** For offset_mismatch: where the upload stands. */
    offset: Type.Optional(Type.Integer()),
    requestId: Type.Optional(Type.String()),
  },
  { title: 'Problem', description: 'RFC 9457 problem document' },
);
export type Problem = Static<typeof Problem>;
