/** Raises or ends an alarm as a robot reports it, in the transaction that stores the report. */
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import type { Report, ReportEvent } from '@fairlead/shared/trust/report';
import type { Alarms } from '../store/alarms.ts';

export type AlarmEvent = Extract<ReportEvent, { event: 'alarm' | 'alarm-resolved' }>;

/** `at`: when it happened on the robot. `receivedAt`: the control plane's time. */
export async function applyAlarm(
  alarms: Alarms,
  { robot, seq }: Pick<Report, 'robot' | 'seq'>,
  body: AlarmEvent,
  { at, receivedAt }: { readonly at: Instant; readonly receivedAt: Instant },
): Promise<void> {
  if (body.event === 'alarm-resolved') return alarms.resolveReported(robot, body, at);
  const id = alarmId(`${robot} ${seq} ${toTimestamp(at)}`, receivedAt);
  return alarms.raise({ id, robot, refusal: body.refusal, at });
}

/** Ids sort by the time they were made. `origin`: unique among all that is received in one millisecond. */
export const alarmId = (origin: string, receivedAt: Instant): string =>
  `al_${receivedAt.toString(36).padStart(9, '0')}${sha256Hex(origin).slice(0, 12)}`;
