/** A stored blob was found damaged: operators find it in their notices and in the log, with the release and the next step. */
import type { Sha256 } from '@fairlead/shared/ids';
import type { Clock } from '@fairlead/shared/time';
import type { FastifyBaseLogger } from 'fastify';
import type { Store } from '../store/store.ts';

export async function reportDamagedBlob(
  { store, clock, logger }: { readonly store: Store; readonly clock: Clock; readonly logger: FastifyBaseLogger },
  blob: Sha256,
): Promise<void> {
  const releases = (await store.releases.ofBlob(blob)).filter(({ revoked }) => !revoked);
  const named = releases
    .map(({ component, version, environment }) => `${component}@${version} (${environment})`)
    .join(', ');
  const detail =
    `The stored bytes of ${named || 'no published release'} were damaged and set aside: no robot can download them. ` +
    'Check the disk of the control plane, and publish the same file again: fairlead release publish FILE --env ENVIRONMENT.';
  logger.error({ blob, releases: named }, 'a stored blob is damaged');
  const action = 'blob.damaged';
  await store.transaction(({ audit }) =>
    audit.append({ at: clock.now(), by: 'control-plane', action, element: blob, detail, loud: releases.length > 0 }),
  );
}
