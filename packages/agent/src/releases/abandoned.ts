/**
 * Releases of a component that a person on this robot rolled back from, oldest first. The file is beside the committed mark
 * and not in it: an older agent must still be able to read the mark.
 */
import { readFile } from 'node:fs/promises';
import { Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import { Type } from 'typebox';

const Abandoned = Type.Object(
  { schema: Type.Literal('fairlead.abandoned.v1'), manifests: Type.Array(Sha256) },
  { additionalProperties: false },
);
/** Older ones are not on this disk any more. */
const MAX_KEPT = 20;

/** Empty where nothing was recorded or the record cannot be read: then only the release counters count. */
export async function readAbandoned(file: string): Promise<readonly Sha256[]> {
  const json = await readFile(file).then(parseStrictJson, () => undefined);
  const read = json?.ok ? parse(Abandoned, json.value) : undefined;
  return read?.ok ? read.value.manifests : [];
}

export const writeAbandoned = (file: string, manifests: readonly Sha256[]): Promise<void> =>
  writeDurably(
    file,
    `${JSON.stringify({ schema: 'fairlead.abandoned.v1', manifests: manifests.slice(-MAX_KEPT) }, null, 2)}\n`,
  );
