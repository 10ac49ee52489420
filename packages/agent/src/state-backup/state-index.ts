/**
 * What a saved state consists of. Contents lie beside the index under their digest; the index is written last
 * and by one rename, so a backup is either the one before or the one after, never half of each.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };
const owner = {
  mode: Type.Integer({ minimum: 0, maximum: 0o7777 }),
  uid: Type.Integer({ minimum: 0 }),
  gid: Type.Integer({ minimum: 0 }),
};
const path = Type.String({ pattern: '^/', maxLength: 4096 });

const SavedFile = Type.Object(
  {
    type: Type.Literal('file'),
    path,
    ...owner,
    size: Type.Integer({ minimum: 0 }),
    mtimeMs: Type.Number(),
    ctimeMs: Type.Number(),
    sha256: Sha256,
  },
  closed,
);
const StateEntry = Type.Union([
  SavedFile,
  Type.Object({ type: Type.Literal('folder'), path, ...owner }, closed),
  Type.Object({ type: Type.Literal('link'), path, target: Type.String({ maxLength: 4096 }) }, closed),
  /** Declared, and not there when it was saved: a roll-back removes what has appeared since. */
  Type.Object({ type: Type.Literal('absent'), path }, closed),
]);
const StateIndex = Type.Object(
  {
    schema: Type.Literal('fairlead.state-backup.v1'),
    /** The declared paths, whose whole content is meant. */
    roots: Type.Array(path),
    /** Every folder before what lies in it. */
    entries: Type.Array(StateEntry),
  },
  closed,
);
export type StateEntry = Static<typeof StateEntry>;
export type SavedFile = Static<typeof SavedFile>;
export type StateIndex = Static<typeof StateIndex>;

/** Of an entry in the folder that holds it. */
export const nameIn = ({ path }: StateEntry): string => basename(path);

const indexOf = (folder: string): string => join(folder, 'index.json');
export const contentsOf = (folder: string): string => join(folder, 'contents');

export const writeIndex = (folder: string, index: Omit<StateIndex, 'schema'>): Promise<void> =>
  writeDurably(indexOf(folder), JSON.stringify({ schema: 'fairlead.state-backup.v1', ...index }), { mode: 0o600 });

/** Undefined where nothing was saved. Throws a Failure where the index is damaged. */
export async function readIndex(folder: string): Promise<StateIndex | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(indexOf(folder));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const json = parseStrictJson(bytes, { floats: true });
  const index = json.ok ? parse(StateIndex, json.value) : json;
  if (index.ok) return index.value;
  throw new Failure({
    phase: 'roll-back',
    element: indexOf(folder),
    category: 'backup_damaged',
    detail: 'The saved state of the previous release can not be read.',
    retryable: false,
    hint: 'Restore the state by hand if the previous release needs it; check the disk.',
  });
}
