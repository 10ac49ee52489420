/** A database file is a boundary like any other: what is read from it is parsed once, here. */
import { parse } from '@fairlead/shared/parse';
import type { Static, TSchema } from 'typebox';

/** Throws where the column holds something this version never wrote. */
export function readColumn<S extends TSchema>(schema: S, value: unknown): Static<S> {
  const parsed = parse(schema, value);
  if (parsed.ok) return parsed.value;
  const mistakes = parsed.refused.map(({ at, message }) => `${at} ${message}`.trim()).join('; ');
  throw new Error(`The database holds a value that this version does not understand: ${mistakes}`);
}

/** The same for a column of JSON text. */
export const readJsonColumn = <S extends TSchema>(schema: S, text: string): Static<S> =>
  readColumn(schema, JSON.parse(text));

/**
 * JSON text of a record whose schema has become stricter since it was written: entries that it does not accept any more
 * are left out. A robot that wrote one must not keep the others, or the control plane, from starting.
 */
export function readJsonEntries<S extends TSchema>(schema: S, text: string): Static<S> {
  const value: unknown = JSON.parse(text);
  const whole = parse(schema, value);
  if (whole.ok) return whole.value;
  const entries = Object.entries(Object(value) as object).filter(([key, entry]) => parse(schema, { [key]: entry }).ok);
  return Object.fromEntries(entries) as Static<S>;
}
