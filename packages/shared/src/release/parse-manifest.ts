/** Bytes to manifest and back. What parses here has been checked by every rule that needs no file. */
import { accept, type Phase, type Refusal, type Result, refuse } from '../failure.ts';
import { parse } from '../parse.ts';
import { sha256Hex } from '../trust/digest.ts';
import { LIMITS } from '../trust/limits.ts';
import { parseStrictJson } from '../trust/strict-json.ts';
import { checkManifest } from './check-manifest.ts';
import { jcs } from './jcs.ts';
import { Manifest, type ReleaseIdentity } from './manifest.ts';

/** The one way to write a manifest: RFC 8785, UTF-8, nothing after it. Their SHA-256 is the release's identity. */
export const manifestBytes = (manifest: Manifest): Uint8Array => new TextEncoder().encode(jcs(manifest));

/** Names the release completely. `bytes` are the canonical ones it was parsed from. */
export const identify = (manifest: Manifest, bytes: Uint8Array): ReleaseIdentity => ({
  component: manifest.component,
  version: manifest.version,
  manifestSha256: sha256Hex(bytes),
});

/**
 * Parses a manifest from its exact bytes. Categories: too_big, bad_json, bad_manifest (schema or rule), path,
 * not_canonical. `phase` is the beat of the story that asks, written into the refusal.
 */
export function parseManifest(bytes: Uint8Array, phase: Phase = 'verify'): Result<Manifest, Refusal> {
  const no = (category: string, detail: string, element = 'manifest.json') =>
    refuse<Refusal>({ phase, element, category, detail: detail.slice(0, 2000), retryable: false, hint: HINT });
  if (bytes.length > LIMITS.manifestBytes) {
    return no('too_big', `The manifest has ${bytes.length} bytes, and at most ${LIMITS.manifestBytes} may be.`);
  }
  const json = parseStrictJson(bytes, { floats: true });
  if (!json.ok) return no('bad_json', json.refused.detail);
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

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
