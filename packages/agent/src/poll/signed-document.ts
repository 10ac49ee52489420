/** The small documents that are signed like releases: director keys and the environment's policy. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { TargetName } from '@fairlead/shared/trust/names';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import type { TrustRefusal, TrustStore } from '@fairlead/toolkit/trust/trust-store';
import type { Static, TSchema } from 'typebox';

type Documents = Pick<TrustStore, 'lookup' | 'fetch' | 'remembered'>;

/** As the last refresh vouches for it; undefined where no such document is signed. Fetches only what changed. */
export async function readSigned<S extends TSchema>(
  trust: Documents,
  name: TargetName,
  schema: S,
): Promise<Result<Static<S> | undefined, TrustRefusal>> {
  const target = await trust.lookup(name);
  if (!target.ok) return target.refused.code === 'not_found' ? accept(undefined) : target;
  const kept = trust.remembered(name);
  const isCurrent = kept !== undefined && sha256Hex(kept) === target.value.sha256;
  const bytes = isCurrent ? accept(kept) : await trust.fetch(target.value);
  return bytes.ok ? readDocument(name, schema, bytes.value) : bytes;
}

/** What was verified last, also before this start's first refresh; undefined where there is none. */
export function recallSigned<S extends TSchema>(trust: Documents, name: TargetName, schema: S): Static<S> | undefined {
  const kept = trust.remembered(name);
  const read = kept && readDocument(name, schema, kept);
  return read?.ok ? read.value : undefined;
}

function readDocument<S extends TSchema>(name: TargetName, schema: S, bytes: Uint8Array) {
  const json = parseStrictJson(bytes);
  const document = json.ok ? parse(schema, json.value) : undefined;
  if (document?.ok) return document;
  return refuse<TrustRefusal>({ code: 'bad_json', detail: `${name} is signed but not of its form`, retryable: true });
}
