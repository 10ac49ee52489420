/** Whether a robot is heard: from the age of its last check-in, and nothing else. */
import { type Instant, SECOND } from '../time.ts';
import type { Settings } from './settings.ts';
import type { Presence } from './states.ts';

/** `lastSeen` is absent for a robot that never checked in. */
export function classifyPresence(
  lastSeen: Instant | undefined,
  now: Instant,
  thresholds: Pick<Settings, 'lateAfterSec' | 'offlineAfterSec'>,
): Presence {
  if (lastSeen === undefined) return 'never-seen';
  const silence = now - lastSeen;
  // Offline is asked first: where the two thresholds contradict each other, the graver word holds.
  if (silence >= thresholds.offlineAfterSec * SECOND) return 'offline';
  return silence >= thresholds.lateAfterSec * SECOND ? 'late' : 'online';
}
