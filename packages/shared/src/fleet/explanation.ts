/** The answer to "why is nothing happening?" for one robot. */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { ComponentName, RobotId } from '../ids.ts';
import { Alarm } from './alarm.ts';

export const Explanation = Type.Object({
  robot: RobotId,
  component: Type.Optional(ComponentName),
  /** One sentence: what blocks this robot, or that nothing does. */
  sentence: Type.String(),
  /** What would unblock it; absent where nothing is blocked. */
  unblock: Type.Optional(Type.String()),
  blocked: Type.Boolean(),
  refusal: Type.Optional(Refusal),
  /** Alarms of this robot that are not resolved, newest first, at most 20. The agent itself names none. */
  alerts: Type.Optional(Type.Array(Alarm)),
});
export type Explanation = Static<typeof Explanation>;
