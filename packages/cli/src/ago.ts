import { DAY, fromTimestamp, HOUR, type Instant, MINUTE, SECOND } from '@fairlead/shared/time';

/** How long ago, in the largest unit that is at least one: "12 s ago"; "-" where it never was. */
export function ago(timestamp: string | undefined, now: Instant): string {
  if (timestamp === undefined) return '-';
  const past = Math.max(0, now - fromTimestamp(timestamp));
  for (const [unit, name] of UNITS) if (past >= unit) return `${Math.floor(past / unit)} ${name} ago`;
  return 'just now';
}

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [SECOND, 's'],
] as const;
