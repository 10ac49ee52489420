/** How a committed release is monitored: what its author declared, and what holds where nothing was declared. */
import type { Monitoring } from '../release/monitoring.ts';
import { MINUTE, SECOND } from '../time.ts';

export interface MonitoringPolicy {
  /** Pause between two attempts of one check, milliseconds. */
  readonly intervalMs: number;
  /** Pause between two looks at one service, milliseconds: restarts are judged by how many came close together. */
  readonly serviceIntervalMs: number;
  /** Failed attempts of one check in a row that make the release degraded. */
  readonly failureThreshold: number;
  /** Passed attempts in a row that every check needs before a degraded release is healthy again. */
  readonly recoveryThreshold: number;
  /** More unplanned restarts of a service than allowed within this time make the release degraded, milliseconds. */
  readonly restartWindowMs: number;
  /** No unplanned restart for this long before a degraded release is healthy again, milliseconds. */
  readonly restartQuietMs: number;
}

/** Unplanned restarts of a service within the window that are no failure, where its check declares no `maxRestarts`. */
export const DEFAULT_MAX_RESTARTS = 1;

const DEFAULT_INTERVAL_SEC = 30;
const DEFAULT_FAILURE_THRESHOLD = 3;

export function monitoringPolicy({ intervalSec, failureThreshold }: Monitoring = {}): MonitoringPolicy {
  const failures = failureThreshold ?? DEFAULT_FAILURE_THRESHOLD;
  const intervalMs = (intervalSec ?? DEFAULT_INTERVAL_SEC) * SECOND;
  return {
    intervalMs,
    serviceIntervalMs: Math.min(intervalMs, DEFAULT_INTERVAL_SEC * SECOND),
    failureThreshold: failures,
    // Twice as many: a check that passes and fails alternately must not change the state each time.
    recoveryThreshold: 2 * failures,
    restartWindowMs: 10 * MINUTE,
    // Longer than the window: a service that restarts once per window does not recover in between.
    restartQuietMs: 15 * MINUTE,
  };
}
