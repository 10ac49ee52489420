/** Alarms of robots: listed, acknowledged, and resolved by hand where a robot does not report their end. */
import { Type } from 'typebox';
import { textLine } from '../bounds.ts';
import { ALARM_STATES, Alarm, AlarmId } from '../fleet/alarm.ts';
import { RobotId } from '../ids.ts';
import type { Api } from './route.ts';

const closed = { additionalProperties: false };
const AlarmParams = Type.Object({ id: AlarmId }, closed);
const Reason = textLine(500, { minLength: 1 });

export const alertApi = {
  listAlerts: {
    method: 'GET',
    path: '/api/v1/alerts',
    access: 'viewer',
    tag: 'alerts',
    summary: 'Alarms of robots, newest first',
    query: Type.Object(
      {
        state: Type.Optional(
          Type.Enum([...ALARM_STATES, 'unresolved', 'all'], {
            description: 'Default unresolved: open and acknowledged.',
          }),
        ),
        robot: Type.Optional(RobotId),
        perRobot: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 500,
            description:
              'At most so many of one robot, its newest: no robot hides another. Default 5; all of `robot` where that is given.',
          }),
        ),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100.' })),
        cursor: Type.Optional(textLine(100, { description: '`next` of the page before.' })),
      },
      closed,
    ),
    reply: Type.Object({
      items: Type.Array(Alarm),
      more: Type.Optional(
        Type.Array(Type.Object({ robot: RobotId, count: Type.Integer() }), {
          description: 'Robots of this page with more alarms than `perRobot`, and how many more. List them by `robot`.',
        }),
      ),
      next: Type.Optional(Type.String()),
    }),
  },
  acknowledgeAlert: {
    method: 'POST',
    path: '/api/v1/alerts/:id/acknowledge',
    access: 'operator',
    tag: 'alerts',
    summary: 'Acknowledge an alarm: a person takes care of it. It stays until the robot reports its end',
    params: AlarmParams,
    body: Type.Object({ reason: Type.Optional(Reason) }, closed),
    reply: Alarm,
  },
  resolveAlert: {
    method: 'POST',
    path: '/api/v1/alerts/:id/resolve',
    access: 'operator',
    tag: 'alerts',
    summary: 'Resolve an alarm by hand, where the robot does not report its end',
    params: AlarmParams,
    body: Type.Object({ reason: Reason }, closed),
    reply: Alarm,
  },
} as const satisfies Api;
