/** Says what a signature will change, before it is given. */
import { sayRelease } from '@fairlead/shared/ids';
import { sizeOnDisk } from '@fairlead/shared/release/manifest';
import type { Output } from '../output.ts';
import type { RoleHead } from '../trust/publisher-trust.ts';
import type { PublishChange, PublishOrder } from './plan-publish.ts';
import type { RevokeChange, RevokeOrder } from './plan-revoke.ts';
import { sayBytes } from './say-bytes.ts';

export function tellPublish(out: Output, { signed }: RoleHead, order: PublishOrder, change: PublishChange): void {
  const { manifest, identity, environment, promotedFrom } = order;
  const arch = manifest.requires?.arch?.join(', ') ?? 'any';
  out.line(`${environment}: version ${signed.version} -> ${signed.version + 1}`, 'strong');
  out.line(
    `+ ${sayRelease(identity)}  release ${change.releaseCounter}${promotedFrom ? `, as in ${promotedFrom}` : ''}`,
    'good',
  );
  out.line(`  ${sayBytes(sizeOnDisk(manifest))} on disk, ${sayBytes(manifest.bundle.size)} to download, arch: ${arch}`);
  out.line(`  manifest ${identity.manifestSha256}`, 'dim');
}

export function tellRevoke(out: Output, { signed }: RoleHead, order: RevokeOrder, change: RevokeChange): void {
  const { environment, release, reason, severity } = order;
  out.line(`${environment}: version ${signed.version} -> ${signed.version + 1}`, 'strong');
  out.line(`- ${sayRelease(release)}  denied (${severity}): ${reason}`, 'bad');
  const floor = change.policy.floor[release.component];
  if (order.raiseFloor) out.line(`  no ${release.component} below release ${floor} may be installed any more`, 'warn');
}
