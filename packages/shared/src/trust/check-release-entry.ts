/** Does a new release entry say exactly what its manifest says, and is everything it needs really there? */
import type { Refusal } from '../failure.ts';
import type { EnvironmentName, Sha256 } from '../ids.ts';
import { parse } from '../parse.ts';
import { checkHealthChecks } from '../release/check-health-checks.ts';
import { blobsOf } from '../release/manifest.ts';
import { parseManifest } from '../release/parse-manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { LIMITS } from './limits.ts';
import type { TargetEntry } from './metadata.ts';
import { refusePublish } from './refuse-publish.ts';
import { releaseEntry } from './release-entry.ts';
import { ReleaseCustom } from './targets.ts';

/** Whether the blob store holds these bytes, complete and hashed. */
export type HasBlob = (sha256: Sha256, size: number) => boolean;

/** Undefined where the entry may be published; `text` already has the entry's length and digest. */
export function checkReleaseEntry(order: {
  readonly name: string;
  readonly environment: EnvironmentName;
  readonly entry: TargetEntry;
  readonly text: string;
  readonly highestCounter: (component: string) => number;
  readonly hasBlob: HasBlob;
}): Refusal | undefined {
  const { name, entry } = order;
  if (entry.length > LIMITS.manifestBytes) {
    return refusePublish(name, 'too_long', `Its manifest has ${entry.length} bytes, ${LIMITS.manifestBytes} are read.`);
  }
  const custom = parse(ReleaseCustom, entry.custom);
  if (!custom.ok) return refusePublish(name, 'bad_json', `Its custom part is wrong: ${sayMistakes(custom.refused)}.`);
  const parsed = parseManifest(Buffer.from(order.text), 'publish');
  if (!parsed.ok) return parsed.refused;
  const manifest = parsed.value;
  const never = checkHealthChecks(manifest.healthChecks ?? []);
  if (never.length > 0) {
    const hint = 'Correct release.yaml and build a new version: every robot would roll this one back.';
    return refusePublish(name, 'bad_manifest', `A health check can never pass: ${sayMistakes(never)}.`, hint);
  }

  const { releaseCounter, promotedFrom } = custom.value;
  const expected = releaseEntry({
    manifest,
    environment: order.environment,
    releaseCounter,
    ...(promotedFrom ? { promotedFrom } : {}),
  });
  if (expected.name !== name) return refusePublish(name, 'name', `Its manifest is that of ${expected.name}.`);
  if (canonicalJson(expected.custom) !== canonicalJson(custom.value)) {
    return refusePublish(name, 'mismatch', 'What the signed entry says of the release differs from its manifest.');
  }
  const highest = order.highestCounter(manifest.component);
  if (releaseCounter <= highest) {
    return refusePublish(name, 'counter', `Its releaseCounter ${releaseCounter} must be above ${highest}.`);
  }
  const missing = blobsOf(manifest).find(({ sha256, size }) => !order.hasBlob(sha256, size));
  if (!missing) return undefined;
  const { sha256, size } = missing;
  const what = sha256 === manifest.fileList?.sha256 ? 'list of files' : 'bundle';
  const hint = `Upload the ${what} first, then hand in the role.`;
  return refusePublish(name, 'missing_blob', `Its ${what} ${sha256.slice(0, 12)} (${size} bytes) is not here.`, hint);
}

const sayMistakes = (mistakes: readonly { at: string; message: string }[]): string =>
  mistakes.map(({ at, message }) => `${at} ${message}`).join('; ');
