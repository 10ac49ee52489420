/** How many robots were between switch and end at once, found from when each began and ended. Pure. */
import type { Instant } from '@fairlead/shared/time';

export interface Stay {
  readonly from: Instant;
  /** Absent: it still goes on. */
  readonly until?: Instant | undefined;
}

/** The most at once, and when that was. Who leaves at an instant makes room for who comes at it. */
export function crowdOf(stays: readonly Stay[]): { readonly most: number; readonly at: Instant } {
  const steps = stays.flatMap(({ from, until }) => [
    { at: from, by: 1 },
    ...(until === undefined ? [] : [{ at: until, by: -1 }]),
  ]);
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let [now, most, at] = [0, 0, 0];
  for (const step of steps) {
    now += step.by;
    if (now <= most) continue;
    most = now;
    at = step.at;
  }
  return { most, at };
}
