/** A row read back: the schema turns its texts into the ids they are. A row that does not fit is a broken database. */
import { parse } from '@fairlead/shared/parse';
import type { Static, TSchema } from 'typebox';

export function readRow<S extends TSchema>(schema: S, row: unknown): Static<S> {
  const read = parse(schema, row);
  if (read.ok) return read.value;
  const what = read.refused.map(({ at, message }) => `${at} ${message}`).join('; ');
  throw new Error(`The database holds a row that this version can't read: ${what}`);
}
