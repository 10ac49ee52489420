/** The few things that we ourselves read in metadata that tuf-js has verified. */
import { parse } from '@fairlead/shared/parse';
import { type Instant, parseDate } from '@fairlead/shared/time';
import { Type } from 'typebox';
import type { MetadataFiles } from './trust-database.ts';

const Trusted = Type.Object({
  signed: Type.Object({
    version: Type.Integer(),
    expires: Type.String(),
    x_issued: Type.Optional(Type.String()),
    consistent_snapshot: Type.Optional(Type.Boolean()),
  }),
});

/** 0 where the role was never verified. */
export const versionOf = (files: MetadataFiles, role: string): number => read(files, role)?.version ?? 0;

/** Ours always does (spec 6.2); other repositories need not. */
export const hashesTargetNames = (files: MetadataFiles): boolean => read(files, 'root')?.consistent_snapshot !== false;

/**
 * When the timestamp was signed: it is at least so late. Undefined past the root's expiry, which offline keys
 * signed: a stolen online key could otherwise claim the year 2100 and expire everything for ever.
 */
export function issuedAt(files: MetadataFiles): Instant | undefined {
  const issued = read(files, 'timestamp')?.x_issued;
  const root = read(files, 'root');
  if (issued === undefined || !root) return undefined;
  const at = parseDate(issued);
  const expires = parseDate(root.expires);
  return at !== undefined && expires !== undefined && at < expires ? at : undefined;
}

function read(files: MetadataFiles, role: string) {
  const bytes = files.get(`${role}.json`);
  if (!bytes) return undefined;
  const parsed = parse(Trusted, JSON.parse(bytes.toString('utf8')));
  return parsed.ok ? parsed.value.signed : undefined;
}
