/** Adapter: open alarms that end with the process, for robots without a disk. */
import type { Outbox } from '../outbox/outbox.ts';
import type { AlarmRegister } from './alarm-register.ts';
import { reportingAlarms } from './reporting-alarms.ts';

export const memoryAlarmRegister = (outbox: Pick<Outbox, 'append'>, now: () => number = Date.now): AlarmRegister =>
  reportingAlarms({ outbox, now, known: [], save: () => undefined });
