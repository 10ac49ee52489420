/** Bytes to manifest and back. What parses here has been checked by every rule that needs no file. */
import { accept, type Phase, type Refusal, type Result, refuse } from '../failure.ts';
import { parse } from '../parse.ts';
import { sha256Hex } from '../trust/digest.ts';
import { LIMITS } from '../trust/limits.ts';
import { parseStrictJson } from '../trust/strict-json.ts';
import { checkManifest } from './check-manifest.ts';
import { jcs } from './jcs.ts';
import { MANIFEST_SCHEMA, MANIFEST_SCHEMA_WITH_LIST, Manifest, type ReleaseIdentity } from './manifest.ts';

/**
 * The one way to write a manifest: RFC 8785, UTF-8, nothing after it. Their SHA-256 is the release's identity. Files that are
 * named by digest are not repeated.
 */
export function manifestBytes(manifest: Manifest): Uint8Array {
  const { files: _files, ...byDigest } = manifest;
  return new TextEncoder().encode(jcs(manifest.fileList ? byDigest : manifest));
}

/** Names the release completely. `bytes` are the canonical ones it was parsed from. */
export const identify = (manifest: Manifest, bytes: Uint8Array): ReleaseIdentity => ({
  component: manifest.component,
  version: manifest.version,
  manifestSha256: sha256Hex(bytes),
});

/**
 * Parses a manifest from its exact bytes. Categories: too_big, bad_json, unknown_schema, bad_manifest (schema or rule), path,
 * not_canonical. A list of files by digest is not read here (file-list.ts). `phase` is the beat of the story that asks, written into the refusal.
 */
export function parseManifest(bytes: Uint8Array, phase: Phase = 'verify'): Result<Manifest, Refusal> {
  const no = (category: string, detail: string, hint = HINT) =>
    refuse<Refusal>({
      phase,
      element: 'manifest.json',
      category,
      detail: detail.slice(0, 2000),
      retryable: false,
      hint,
    });
  if (bytes.length > LIMITS.manifestBytes) {
    const detail = `The manifest has ${bytes.length} bytes, and at most ${LIMITS.manifestBytes} may be.`;
    return no('too_big', detail, TOO_BIG_HINT);
  }
  const json = parseStrictJson(bytes, { floats: true });
  if (!json.ok) return no('bad_json', json.refused.detail);
  const schema = unknownSchemaOf(json.value);
  if (schema !== undefined) return no('unknown_schema', `The manifest has the form ${schema}. ${KNOWN}`, NEWER_HINT);
  const parsed = parse(Manifest, json.value);
  if (!parsed.ok) {
    return no('bad_manifest', parsed.refused.map(({ at, message }) => `${at || '/'}: ${message}`).join('; '));
  }
  const manifest = parsed.value;
  const [mistake] = checkManifest(manifest);
  if (mistake) return no(mistake.category, `${mistake.at}: ${mistake.message}`);
  // Two texts of one manifest would be two identities of one release: only the canonical one is it.
  if (!sameBytes(manifestBytes(manifest), bytes)) return no('not_canonical', 'The text is not in canonical form.');
  return accept(manifest);
}

const HINT = 'Build the release again with `fairlead release build`; never edit a manifest by hand.';
const TOO_BIG_HINT =
  'It holds the sections of release.yaml and the contracts of all models: shorten them, or split the release.';
const KNOWN = `This version of Fairlead reads ${MANIFEST_SCHEMA} and ${MANIFEST_SCHEMA_WITH_LIST}.`;
const NEWER_HINT = 'Update the program that says so (agent, control plane or command line), then try again.';

/** A form that a later version introduced: named as such, and not by every key in which it differs. */
function unknownSchemaOf(value: unknown): string | undefined {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (typeof schema !== 'string' || !/^fairlead\.release\.v[0-9]{1,4}$/.test(schema)) return undefined;
  return schema === MANIFEST_SCHEMA || schema === MANIFEST_SCHEMA_WITH_LIST ? undefined : schema;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
