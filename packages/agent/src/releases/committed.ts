/**
 * The committed mark: which release of a component this robot has settled on. It is written last by `commit`
 * (and first by a roll-back that a person asked for), so where the links and the mark differ and no journal
 * says why, the mark is right.
 */
import { readFile } from 'node:fs/promises';
import { DeploymentId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { Timestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { InstalledRelease } from '@fairlead/shared/update/journal';
import { isFolder, isMissing } from '@fairlead/toolkit/file-error';
import { type Static, Type } from 'typebox';
import { reclaimFile } from './reclaim.ts';

const Committed = Type.Object(
  {
    schema: Type.Literal('fairlead.committed.v1'),
    active: InstalledRelease,
    previous: Type.Optional(InstalledRelease),
    /** The deployment that brought `active`; absent after a roll-back by hand. */
    deployment: Type.Optional(DeploymentId),
    committedAt: Timestamp,
  },
  { additionalProperties: false },
);
export type Committed = Static<typeof Committed>;

/** 'absent': nothing was ever committed. 'damaged': something was, and the disk lost it. */
export async function readCommitted(file: string): Promise<Committed | 'absent' | 'damaged'> {
  try {
    const json = parseStrictJson(await readFile(file));
    const committed = json.ok ? parse(Committed, json.value) : json;
    return committed.ok ? committed.value : 'damaged';
  } catch (error) {
    if (isMissing(error)) return 'absent';
    if (isFolder(error)) return 'damaged';
    throw error;
  }
}

export const writeCommitted = (file: string, committed: Omit<Committed, 'schema'>): Promise<void> =>
  reclaimFile(file, `${JSON.stringify({ schema: 'fairlead.committed.v1', ...committed }, null, 2)}\n`);
