/** Times for people: on their own clock with its zone, and how far away. */
import { DAY, fromTimestamp, HOUR, type Instant, MINUTE, SECOND } from '@fairlead/shared/time';
import { ago } from '../ago.ts';

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [SECOND, 's'],
] as const;

/** "21 Nov, 14:05:00 CET (in 12 min)". */
export function sayWhen(timestamp: string, now: Instant): string {
  const at = fromTimestamp(timestamp);
  const clock = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(at);
  return `${clock} (${at > now ? ahead(at - now) : ago(timestamp, now)})`;
}

function ahead(wait: number): string {
  for (const [unit, name] of UNITS) if (wait >= unit) return `in ${Math.floor(wait / unit)} ${name}`;
  return 'in a moment';
}
