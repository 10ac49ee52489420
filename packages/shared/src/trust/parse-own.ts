/** Reading what was verified before: a mistake here is a bug, not a refusal. */
import type { Static, TSchema } from 'typebox';
import { parse } from '../parse.ts';

/** Parses a stored text of our own making. Throws a TypeError where it is not of `schema`. */
export function parseOwn<S extends TSchema>(schema: S, text: string): Static<S> {
  const parsed = parse(schema, JSON.parse(text));
  if (parsed.ok) return parsed.value;
  throw new TypeError(`a stored document is damaged: ${parsed.refused.map(({ at, message }) => `${at} ${message}`)}`);
}
