/**
 * The newest published text of a role, for the publisher who signs the next one. Unlike a look-up it accepts an
 * expired role: otherwise nobody could ever renew it. Digest, version and signatures must hold as always.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { LIMITS } from '@fairlead/shared/trust/limits';
import { SnapshotMetadata, TargetsMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { checkSignatures, readMetadata } from '@fairlead/shared/trust/read-metadata';
import type { FetchBytes } from './fetch-bytes.ts';
import type { MetadataFiles } from './trust-database.ts';
import type { TrustCode, TrustRefusal } from './trust-store.ts';

/** `files` are the trusted ones of a refresh that succeeded a moment ago. */
export async function readRole(
  role: EnvironmentName,
  order: { readonly files: MetadataFiles; readonly metadataUrl: string; readonly fetchBytes: FetchBytes },
): Promise<Result<string, TrustRefusal>> {
  const snapshot = parseOwn(SnapshotMetadata, textOf(order.files, 'snapshot.json')).signed;
  const { delegations } = parseOwn(TargetsMetadata, textOf(order.files, 'targets.json')).signed;
  const meta = snapshot.meta[`${role}.json`];
  const delegation = delegations?.roles.find(({ name }) => name === role);
  if (!meta || !delegations || !delegation) return no('not_found', `there is no role ${role}`);

  const url = new URL(`${order.metadataUrl}/${meta.version}.${role}.json`);
  const fetched = await order.fetchBytes(url, Math.min(meta.length, LIMITS.roleBytes));
  if (!fetched.ok) return fetched;
  if (sha256Hex(fetched.value) !== meta.hashes.sha256) return no('hash', `${role} is not the one in the snapshot`);
  const text = Buffer.from(fetched.value).toString('utf8');
  const read = readMetadata(TargetsMetadata, text, { name: role, maxBytes: LIMITS.roleBytes });
  if (!read.ok) return no('bad_json', read.refused.detail);
  if (read.value.signed.version !== meta.version)
    return no('version', `${role} says another version than the snapshot`);
  const unsigned = checkSignatures(role, read.value, delegation, delegations.keys);
  return unsigned ? no('threshold', unsigned.detail) : accept(text);
}

/** A file that every successful refresh leaves behind. */
export function textOf(files: MetadataFiles, name: string): string {
  const bytes = files.get(name);
  if (!bytes) throw new TypeError(`a successful refresh left no ${name}`);
  return bytes.toString('utf8');
}

const no = (code: TrustCode, detail: string) => refuse<TrustRefusal>({ code, detail, retryable: true });
