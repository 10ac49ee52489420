/** What the application measured of itself lately; every check-in carries it, and gates of rollouts compare it. */
import type { Metrics } from '@fairlead/shared/fleet/robot-facts';
import { MINUTE } from '@fairlead/shared/time';

/** An application that died must not go on looking well. */
const FRESH_MS = 10 * MINUTE;
/** As many as a check-in may carry; the newest stay. */
const MOST = 50;

export interface MetricBoard {
  post(metrics: Metrics): void;
  /** Values that are not older than ten minutes. */
  fresh(): Metrics;
}

/** `elapsed`: milliseconds that no clock change touches. */
export function metricBoard(elapsed: () => number): MetricBoard {
  const posted = new Map<string, { readonly value: number; readonly at: number }>();
  return {
    post(metrics) {
      for (const [name, value] of Object.entries(metrics)) {
        posted.delete(name);
        posted.set(name, { value, at: elapsed() });
      }
      for (const name of [...posted.keys()].slice(0, Math.max(0, posted.size - MOST))) posted.delete(name);
    },
    fresh() {
      const metrics: Metrics = {};
      for (const [name, { value, at }] of posted) if (elapsed() - at <= FRESH_MS) metrics[name] = value;
      return metrics;
    },
  };
}
