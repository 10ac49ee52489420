/**
 * What each caller may use up: a burst, then so much per second. In memory: a restart forgets, and so does a crowd of
 * callers so large that the oldest of them make room.
 */
import { type Clock, type Instant, SECOND } from '@fairlead/shared/time';

export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}
export interface Allowances<Key extends string> {
  /** Takes `count`; answers the seconds to wait where there was not enough, else 0. Takes nothing where it answers more. */
  take(key: Key, count?: number): number;
  /** Undoes one `take`. */
  giveBack(key: Key): void;
}

/** Some ten megabytes of names and addresses. */
const MOST_KEYS = 100_000;

export function allowances<Key extends string>(
  clock: Clock,
  { burst, perSecond }: Allowance,
  mostKeys = MOST_KEYS,
): Allowances<Key> {
  const kept = new Map<Key, { readonly left: number; readonly at: Instant }>();
  const leftOf = (key: Key, now: Instant): number => {
    const { left, at } = kept.get(key) ?? { left: burst, at: now };
    return Math.min(burst, left + (Math.max(0, now - at) / SECOND) * perSecond);
  };
  const keep = (key: Key, left: number, at: Instant): void => {
    // Moved to the end: the first key is the one that was not used for the longest time.
    kept.delete(key);
    kept.set(key, { left, at });
    const [oldest] = kept.size > mostKeys ? kept.keys() : [];
    if (oldest !== undefined) kept.delete(oldest);
  };
  return {
    take(key, count = 1) {
      const now = clock.now();
      const left = leftOf(key, now);
      const isEnough = left >= count;
      // Also where it is refused: a clock that was set back must not keep it waiting for the old time.
      keep(key, isEnough ? left - count : left, now);
      return isEnough ? 0 : Math.ceil((count - left) / perSecond);
    },
    giveBack(key) {
      const now = clock.now();
      keep(key, Math.min(burst, leftOf(key, now) + 1), now);
    },
  };
}
