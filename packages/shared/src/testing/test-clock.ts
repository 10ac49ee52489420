/**
 * Clocks for tests. Their sources are as uneven as those of machines: they read another fraction of a millisecond each
 * time, and may jump forward and backward. Tests still see exact Instants, because a Clock rounds down.
 */
import { Clock, type Instant } from '../time.ts';

export interface TestClock extends Clock {
  /** Time passes; a negative number is a clock that is set back. */
  pass(ms: number): void;
}

/** Default: a morning in November 2026. */
export function testClock(start: Instant = TEST_START): TestClock {
  let now = start;
  return Object.assign(
    unevenClock(() => now),
    { pass: (ms: number) => void (now += ms) },
  );
}
const TEST_START = 1_795_251_600_000;

/** A Clock that reads `source` and a fraction of a millisecond. */
export const unevenClock = (source: () => Instant): Clock => new Clock(withFractions(source));

/** The same readings with a fraction of a millisecond, which grows while the source does not change: it adds no step back. */
export function withFractions(source: () => number): () => number {
  let last = Number.NaN;
  let fraction = 0;
  let milliseconds = 0;
  return () => {
    const whole = source();
    if (whole === last) fraction = Math.min(0.999, fraction + 0.01);
    else fraction = FRACTIONS[(milliseconds += 1) % FRACTIONS.length] ?? 0;
    last = whole;
    return whole + fraction;
  };
}
/** Each is exact enough in a double to round down to the same millisecond. */
const FRACTIONS = [0.685, 0.001, 0.25, 0.999];
