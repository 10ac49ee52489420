/** Slice: alarms of robots. At most one that is not resolved per identity: robot, component (or none), category, element. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Alarm, AlarmState } from '@fairlead/shared/fleet/alarm';
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export type AlarmIdentity = Pick<Refusal, 'component' | 'category' | 'element'>;

export interface AlarmFilter {
  readonly states: readonly AlarmState[];
  readonly robot?: RobotId;
}
export interface RaisedAlarm {
  /** Of the alarm, where it is a new one. Ids sort by the time they were made. */
  readonly id: string;
  readonly robot: RobotId;
  readonly refusal: Refusal;
  readonly at: Instant;
}
export interface Acknowledgement {
  readonly at: Instant;
  readonly by: string;
  readonly reason?: string;
}
export interface Resolution extends Acknowledgement {
  readonly how: NonNullable<Alarm['resolved']>['how'];
}

export interface ListedAlarm {
  readonly alarm: Alarm;
  /** How many older ones of its robot were left out; only on the last one of a robot. */
  readonly leftOut: number;
}

export interface Alarms {
  /** A new alarm, or one more report of the same: that keeps its acknowledgement. */
  raise(alarm: RaisedAlarm): Promise<void>;
  /** False where there is no such alarm, or it is resolved. A second acknowledgement changes nothing. */
  acknowledge(id: string, acknowledgement: Acknowledgement): Promise<boolean>;
  /** False where there is no such alarm, or it is resolved already. */
  resolve(id: string, resolution: Resolution): Promise<boolean>;
  /** The robot reported its end. Does nothing where it is not open. */
  resolveReported(robot: RobotId, identity: AlarmIdentity, at: Instant): Promise<void>;
  /** Every alarm of a robot that has left the fleet. */
  resolveAllOf(robot: RobotId, resolution: Resolution): Promise<void>;
  find(id: string): Promise<Alarm | undefined>;
  /** Newest first; `before`: only ids that sort before it. */
  list(
    filter: AlarmFilter,
    page: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<readonly Alarm[]>;
  /** As `list`, with at most `perRobot` of each robot, its newest. */
  listPerRobot(
    filter: AlarmFilter,
    perRobot: number,
    page: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<readonly ListedAlarm[]>;
  /** How many are not resolved. */
  counts(): Promise<{ readonly open: number; readonly acknowledged: number }>;
  /** Forgets alarms that were resolved before that. */
  forgetResolved(before: Instant): Promise<void>;
}
