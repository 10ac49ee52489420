/** Until when everything signed is believed: what `trust show` tells, and what `trust renew` finds to do. */
import { ENVIRONMENTS } from '@fairlead/shared/ids';
import { fromTimestamp, type Instant } from '@fairlead/shared/time';
import { ALARM_MARGINS_MS } from '@fairlead/shared/trust/lifetimes';
import { RootMetadata, SnapshotMetadata, TimestampMetadata } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { textOf } from '@fairlead/toolkit/trust/read-role';
import type { TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { readRoleHead, type SignedRole } from './publisher-trust.ts';
import { readDirectorKeys } from './read-signed.ts';

export interface RoleExpiry {
  readonly role: keyof typeof ALARM_MARGINS_MS;
  /** Absent for the director's keys: they are listed by the targets role. */
  readonly version?: number;
  readonly expiresAt: Instant;
}

/** In the order of trust. `trust` was refreshed; throws a CliError where something does not verify. */
export async function readExpiries(trust: TufTrustStore): Promise<readonly RoleExpiry[]> {
  const files = trust.trustedFiles();
  const online = (role: 'snapshot' | 'timestamp', schema: typeof SnapshotMetadata | typeof TimestampMetadata) =>
    expiryOf(role, parseOwn(schema, textOf(files, `${role}.json`)).signed);
  const offline = async (role: SignedRole) => expiryOf(role, (await readRoleHead(trust, role)).signed);
  const { keys } = await readDirectorKeys(trust);
  return [
    expiryOf('root', parseOwn(RootMetadata, textOf(files, 'root.json')).signed),
    await offline('targets'),
    { role: 'director', expiresAt: Math.max(...keys.map(({ expires }) => fromTimestamp(expires))) },
    ...(await Promise.all([...ENVIRONMENTS].reverse().map(offline))),
    online('snapshot', SnapshotMetadata),
    online('timestamp', TimestampMetadata),
  ];
}

/** Whether somebody should have been told by now (TRUST 4.4). */
export const isDue = ({ role, expiresAt }: RoleExpiry, now: Instant): boolean =>
  expiresAt - now < ALARM_MARGINS_MS[role];

/** What a person with the right key can sign again and should; a director's key is renewed with targets. */
export function dueRoles(expiries: readonly RoleExpiry[], now: Instant): readonly SignedRole[] {
  const due = new Set(expiries.filter((expiry) => isDue(expiry, now)).map(({ role }) => role));
  if (due.has('director')) due.add('targets');
  return RENEWABLE.filter((role) => due.has(role));
}

/** The most trusted first. Root is not among them: it is signed in a ceremony of its own. */
export const RENEWABLE = ['targets', 'production', 'staging', 'development'] as const satisfies SignedRole[];

const expiryOf = (
  role: RoleExpiry['role'],
  { version, expires }: { readonly version: number; readonly expires: string },
): RoleExpiry => ({ role, version, expiresAt: fromTimestamp(expires) });
