/** Lengths of time as people type and read them: 300s, 10m, 2h, 1d. */
import { InvalidArgumentError } from 'commander';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const LENGTH = /^([1-9][0-9]{0,8}|0)([smhd])$/;

/** Seconds; undefined where it is no length of time. */
export function readDuration(text: string): number | undefined {
  const [, count, unit] = LENGTH.exec(text.trim()) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS];
}

export function durationArgument(text: string): number {
  const seconds = readDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('A length of time is 300s, 10m, 2h or 1d.');
}

/** In the largest unit that says it exactly. */
export function sayDuration(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((each) => seconds > 0 && seconds % UNITS[each] === 0) ?? 's';
  return `${seconds / UNITS[unit]}${unit}`;
}
