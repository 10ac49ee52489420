/** A database file is a boundary like any other: what is read from it is parsed once, here. */
import { parse, parseEntries } from '@fairlead/shared/parse';
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

/** JSON text of a record: entries that were written under a weaker schema keep no control plane from starting. */
export const readJsonEntries = <S extends TSchema>(schema: S, text: string): Static<S> =>
  parseEntries(schema, JSON.parse(text));
