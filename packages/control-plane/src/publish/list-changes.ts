/** Stores the texts of a role's new entries and lists its new releases, for operators and assignments to read. */
import type { Refusal } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { parseManifest } from '@fairlead/shared/release/parse-manifest';
import type { Instant } from '@fairlead/shared/time';
import type { EntryChange } from '@fairlead/shared/trust/check-environment-role';
import { asTargetName, environmentOf, type TargetName } from '@fairlead/shared/trust/names';
import { refusePublish } from '@fairlead/shared/trust/refuse-publish';
import type { RoleUpdate } from '@fairlead/shared/trust/repository';
import { ReleaseCustom } from '@fairlead/shared/trust/targets';
import type { PublishedRelease } from '../store/releases.ts';
import type { Slices } from '../store/store.ts';

/** Undefined where everything was stored. The role itself has been checked already. */
export async function listChanges(
  { metadata, releases }: Slices,
  order: {
    readonly update: RoleUpdate;
    readonly changed: readonly EntryChange[];
    readonly now: Instant;
    readonly by: string;
  },
): Promise<Refusal | undefined> {
  for (const change of order.changed) {
    const name = asTargetName(change.name);
    const text = order.update.texts[change.name];
    if (name === undefined || text === undefined) throw new Error(`${change.name} was accepted without its text`);
    await metadata.addTarget({ name, sha256: change.entry.hashes.sha256, text });
    const release = readRelease(name, change, text);
    if (!release) continue;
    const { environment, component, releaseCounter } = release;
    // A revoked release is no longer in the role, so only this list remembers that its name and counter are used up.
    if (await releases.find(environment, release)) {
      const hint = 'Build it again under a new version.';
      return refusePublish(name, 'immutable', 'That version was published before, and revoked.', hint);
    }
    const highest = await releases.highestCounter(environment, component);
    if (releaseCounter <= highest) {
      return refusePublish(name, 'counter', `Its releaseCounter ${releaseCounter} must be above ${highest}.`);
    }
    await releases.add({ ...release, publishedAt: order.now, publishedBy: order.by });
  }
  return undefined;
}

/** Undefined for a policy and for trust/…, which are no releases. */
function readRelease(
  target: TargetName,
  { entry }: EntryChange,
  text: string,
): Omit<PublishedRelease, 'publishedAt' | 'publishedBy'> | undefined {
  const environment = environmentOf(target);
  const custom = parse(ReleaseCustom, entry.custom);
  if (!target.startsWith('releases/') || !environment || !custom.ok) return undefined;
  const manifest = parseManifest(Buffer.from(text), 'publish');
  const { description, fileList } = manifest.ok ? manifest.value : {};
  const { component, version, releaseCounter, bundle, sizeOnDisk } = custom.value;
  return {
    environment,
    component,
    version,
    releaseCounter,
    target,
    manifestSha256: entry.hashes.sha256,
    manifestLength: entry.length,
    bundleSha256: bundle.sha256,
    bundleSize: bundle.size,
    ...(fileList && { fileListSha256: fileList.sha256 }),
    sizeOnDisk,
    ...(description !== undefined && { description }),
  };
}
