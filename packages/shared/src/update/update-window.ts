/** The form of an update window, as agent.yaml and the fleet's maintenance windows write it. */
import { type Static, Type } from 'typebox';
import { WEEKDAYS } from './weekday.ts';

const clockTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM, 24 hours.' });

export const windowProperties = {
  days: Type.Optional(
    Type.Array(Type.Enum([...WEEKDAYS]), {
      minItems: 1,
      maxItems: WEEKDAYS.length,
      uniqueItems: true,
      description: 'Days on which the window opens. Default: every day.',
    }),
  ),
  from: clockTime,
  to: clockTime,
  zone: Type.String({ minLength: 1, maxLength: 64, description: 'IANA time zone: Europe/Berlin.' }),
};

export const UpdateWindow = Type.Object(windowProperties, {
  additionalProperties: false,
  description: 'When robots may switch. `to` at or before `from` reaches past midnight.',
});
export type UpdateWindow = Static<typeof UpdateWindow>;
