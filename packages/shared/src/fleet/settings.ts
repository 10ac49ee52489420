/** How often robots check in, and when silence is worth a word. */
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };

export const Settings = Type.Object(
  {
    checkInIntervalSec: Type.Integer({
      minimum: 1,
      maximum: 86400,
      description: 'Pause between check-ins. Default 30.',
    }),
    checkInJitterSec: Type.Integer({
      minimum: 0,
      maximum: 86400,
      description: 'Random part on top, so that a fleet never checks in at once. Default 5.',
    }),
    longPollSec: Type.Integer({
      minimum: 0,
      maximum: 120,
      description: 'How long a check-in may wait for news. Default 25; 0 turns long-poll off.',
    }),
    lateAfterSec: Type.Integer({ minimum: 1, description: 'Silence after which a robot is late. Default 90.' }),
    offlineAfterSec: Type.Integer({ minimum: 1, description: 'Silence after which a robot is offline. Default 300.' }),
  },
  closed,
);
export type Settings = Static<typeof Settings>;
