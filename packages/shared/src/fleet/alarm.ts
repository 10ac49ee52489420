/** An alarm of a robot as the control plane keeps it: from the first report until a robot or a person resolves it. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { RobotId } from '../ids.ts';
import { Timestamp } from '../time.ts';

export const ALARM_STATES = ['open', 'acknowledged', 'resolved'] as const;
export type AlarmState = (typeof ALARM_STATES)[number];

export const AlarmId = Type.String({ pattern: '^al_[0-9a-z]{10,40}$', description: 'One alarm of one robot.' });

/** Robot, component (or none), category and element are its identity: the same alarm again only raises the count. */
export const Alarm = Type.Object({
  id: AlarmId,
  robot: RobotId,
  state: Type.Enum([...ALARM_STATES]),
  refusal: Type.Object(Refusal.properties, { description: 'As it was reported last.' }),
  firstSeen: Timestamp,
  lastSeen: Timestamp,
  count: Type.Integer({ minimum: 1, description: 'How often it was reported since firstSeen.' }),
  acknowledged: Type.Optional(Type.Object({ at: Timestamp, by: Type.String(), reason: Type.Optional(Type.String()) })),
  resolved: Type.Optional(
    Type.Object({
      at: Timestamp,
      by: Type.String({ description: 'The robot, or the person who resolved it.' }),
      how: Type.Enum(['reported', 'check-in', 'by-hand', 'decommissioned'], {
        description:
          'reported: the robot reported that the condition has ended. check-in: its report was lost, and a check-in showed that it does not measure the condition any more. by-hand: a person resolved it.',
      }),
      reason: Type.Optional(Type.String()),
    }),
  ),
});
export type Alarm = Static<typeof Alarm>;
