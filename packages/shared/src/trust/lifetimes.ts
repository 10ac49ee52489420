/** How long each signed role may be believed (TRUST 4.1). Expired metadata is the most likely self-made outage. */
import type { EnvironmentName } from '../ids.ts';
import { DAY, HOUR } from '../time.ts';

export const LIFETIMES_MS = {
  root: 365 * DAY,
  targets: 365 * DAY,
  production: 60 * DAY,
  staging: 60 * DAY,
  development: 30 * DAY,
  snapshot: 7 * DAY,
  timestamp: DAY,
  /** The director's key inside trust/director.json. */
  director: 90 * DAY,
} as const satisfies Record<string, number>;

/** Alarm when less than this is left, in milliseconds: the time in which a person can still act (TRUST 4.4). */
export const ALARM_MARGINS_MS = {
  root: 90 * DAY,
  targets: 90 * DAY,
  production: 20 * DAY,
  staging: 20 * DAY,
  development: 20 * DAY,
  snapshot: 4 * DAY,
  timestamp: 12 * HOUR,
  director: 20 * DAY,
} as const satisfies Record<keyof typeof LIFETIMES_MS, number>;

/** The roles whose metadata people sign, away from the server. */
export type OfflineRoleName = 'root' | 'targets' | EnvironmentName;
