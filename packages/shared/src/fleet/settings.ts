/** How often robots check in, and after how much silence they count as late or offline. */

import { type Static, Type } from 'typebox';
import { LARGEST_INT32 } from '../bounds.ts';
import type { Mistake } from '../parse.ts';
import { HOUR, MINUTE, SECOND } from '../time.ts';

const closed = { additionalProperties: false };

/** The slowest pace that a control plane may ask of its robots, in seconds. */
export const SLOWEST_PACE = { checkInIntervalSec: 86_400, checkInJitterSec: 86_400, longPollSec: 120 } as const;

/**
 * The longest pause between two check-ins that a robot takes from a control plane, in seconds. Settings may ask for more
 * where an older version stored them; agent.yaml may ask for more too, because it belongs to the robot.
 */
export const LONGEST_PAUSE_SEC = HOUR / SECOND;

/** What a check-in answers about the next one. */
export const CheckInPace = Type.Object({
  intervalSec: Type.Integer({ minimum: 1, description: 'Pause before the next check-in…' }),
  jitterSec: Type.Integer({ minimum: 0, description: '…plus a random part of this.' }),
  waitSec: Type.Integer({
    minimum: 0,
    description: 'How long the robot may let the next check-in wait for news (long-poll).',
  }),
});
export type CheckInPace = Static<typeof CheckInPace>;

/** The longest pause of a robot between two check-ins that failed: after an outage of the control plane each is back within it. */
export const LONGEST_BACKOFF_MS = 5 * MINUTE;

export const Settings = Type.Object(
  {
    checkInIntervalSec: Type.Integer({
      minimum: 1,
      maximum: SLOWEST_PACE.checkInIntervalSec,
      description: 'Pause between check-ins. Default 30.',
    }),
    checkInJitterSec: Type.Integer({
      minimum: 0,
      maximum: SLOWEST_PACE.checkInJitterSec,
      description: 'Random part on top, so that a fleet never checks in at once. Default 5.',
    }),
    longPollSec: Type.Integer({
      minimum: 0,
      maximum: SLOWEST_PACE.longPollSec,
      description: 'How long a check-in may wait for news. Default 25; 0 turns long-poll off.',
    }),
    lateAfterSec: Type.Integer({
      minimum: 1,
      maximum: LARGEST_INT32,
      description: 'Silence after which a robot is late. Default 90.',
    }),
    offlineAfterSec: Type.Integer({
      minimum: 1,
      maximum: LARGEST_INT32,
      description: 'Silence after which a robot is offline. Default 300.',
    }),
  },
  closed,
);
export type Settings = Static<typeof Settings>;

/** What the schema alone cannot see: all mistakes, none where the settings fit together. */
export function checkSettings(settings: Settings): readonly Mistake[] {
  const { checkInIntervalSec, checkInJitterSec, longPollSec, lateAfterSec, offlineAfterSec } = settings;
  const mistakes: Mistake[] = [];
  if (checkInIntervalSec + checkInJitterSec > LONGEST_PAUSE_SEC) {
    const message = `must be at most ${LONGEST_PAUSE_SEC} together with checkInJitterSec (${checkInJitterSec}): no robot takes a longer pause from a control plane`;
    mistakes.push({ at: '/checkInIntervalSec', message });
  }
  // With long-poll a robot asks again at once, whatever the interval is.
  if (longPollSec === 0 && checkInIntervalSec + checkInJitterSec >= lateAfterSec) {
    const message = `must be less than lateAfterSec (${lateAfterSec}) together with checkInJitterSec (${checkInJitterSec}) while long-poll is off: a robot that waits for its next check-in would count as late`;
    mistakes.push({ at: '/checkInIntervalSec', message });
  }
  if (longPollSec >= lateAfterSec) {
    const message = `must be less than lateAfterSec (${lateAfterSec}): a robot that waits in a long-poll is silent and would count as late`;
    mistakes.push({ at: '/longPollSec', message });
  }
  if (offlineAfterSec < lateAfterSec) {
    const message = `must not be less than lateAfterSec (${lateAfterSec}): silent robots are late before they are offline`;
    mistakes.push({ at: '/offlineAfterSec', message });
  }
  return mistakes;
}

/** The same settings with a long-poll that ends before its robot counts as late. */
export const withShorterLongPoll = (settings: Settings): Settings => ({
  ...settings,
  longPollSec: Math.min(settings.longPollSec, settings.lateAfterSec - 1),
});
