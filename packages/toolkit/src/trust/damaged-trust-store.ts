/**
 * Stands in for a trust database that the disk has spoilt. It believes nothing, so the robot installs nothing, and
 * goes on with all that needs no trust: its services, an update that was interrupted, its reports, its command line.
 * The damaged file stays where it is: what it remembers against replay is given up by a person and by nobody else.
 */
import { Failure, type Refusal, refuse } from '@fairlead/shared/failure';
import type { Instant } from '@fairlead/shared/time';
import type { TrustRefusal, TrustStore } from './trust-store.ts';

/** `damage` is why the database could not be opened; `pinRoot` rejects with it. */
export function damagedTrustStore(damage: Refusal, builtAt: Instant): TrustStore {
  const no = async () => refuse<TrustRefusal>({ code: 'store_damaged', detail: damage.detail, retryable: false });
  return {
    pinRoot: () => Promise.reject(new Failure(damage)),
    refresh: no,
    lookup: no,
    fetch: no,
    role: no,
    remembered: () => undefined,
    versions: () => ({ root: 0, timestamp: 0, snapshot: 0, role: 0 }),
    timeFloor: () => builtAt,
    raiseTimeFloor: () => undefined,
    lastAssignment: () => undefined,
    rememberAssignment: () => undefined,
    close: () => undefined,
  };
}
