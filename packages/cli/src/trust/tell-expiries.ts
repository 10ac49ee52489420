import { DAY, HOUR, type Instant, toTimestamp } from '@fairlead/shared/time';
import type { Cell, Output } from '../output.ts';
import { isDue, type RoleExpiry } from './role-expiries.ts';

export function tellExpiries(out: Output, expiries: readonly RoleExpiry[], now: Instant): void {
  out.table(
    ['ROLE', 'VERSION', 'LEFT', 'EXPIRES'],
    expiries.map((expiry) => [
      expiry.role,
      expiry.version ?? '',
      leftCell(expiry, now),
      toTimestamp(expiry.expiresAt).slice(0, 10),
    ]),
  );
}

/** The same for programs. */
export const expiryJson = (expiries: readonly RoleExpiry[], now: Instant) =>
  expiries.map((expiry) => ({
    role: expiry.role,
    version: expiry.version,
    expires: toTimestamp(expiry.expiresAt),
    daysLeft: Math.floor((expiry.expiresAt - now) / DAY),
    due: isDue(expiry, now),
  }));

function leftCell(expiry: RoleExpiry, now: Instant): Cell {
  const left = expiry.expiresAt - now;
  if (left <= 0) return { text: 'expired', tone: 'bad' };
  return { text: sayLeft(left), tone: isDue(expiry, now) ? 'warn' : 'good' };
}

const sayLeft = (left: number): string =>
  left < 2 * DAY ? `${Math.floor(left / HOUR)} h` : `${Math.floor(left / DAY)} d`;
