/**
 * A durable report: one fact about an update, signed by the robot, chained to the one before (TRUST 4.10).
 * `seq` and `prevReportSha256` make delivery exactly-once and a cloned robot key visible.
 */

import { type Static, Type } from 'typebox';
import { LARGEST_INTEGER } from '../bounds.ts';
import { Refusal } from '../failure.ts';
import { UpdateState } from '../fleet/states.ts';
import { ComponentName, DeploymentId, RobotId, Sha256, Version } from '../ids.ts';
import { Timestamp } from '../time.ts';

const closed = { additionalProperties: false };
export const REPORT_TYPE = 'application/vnd.fairlead.report.v1+json';
export const GENESIS_REPORT = '0'.repeat(64) as Sha256;

export const RunningRelease = Type.Object(
  {
    version: Version,
    manifestSha256: Sha256,
    releaseCounter: Type.Optional(Type.Integer({ minimum: 1, maximum: LARGEST_INTEGER })),
  },
  closed,
);
export type RunningRelease = Static<typeof RunningRelease>;

const progress = { deployment: DeploymentId, component: ComponentName };
/** What happened. `event` is the discriminator. */
export const ReportEvent = Type.Union([
  Type.Object(
    { event: Type.Literal('update-state'), ...progress, state: UpdateState, refusal: Type.Optional(Refusal) },
    closed,
  ),
  Type.Object(
    {
      event: Type.Literal('update-ended'),
      ...progress,
      outcome: Type.Enum(['succeeded', 'failed', 'rolled-back', 'rejected', 'skipped', 'cancelled']),
      active: Type.Optional(RunningRelease),
      previous: Type.Optional(RunningRelease),
      refusal: Type.Optional(Refusal),
    },
    closed,
  ),
  Type.Object(
    {
      event: Type.Literal('local-rollback'),
      component: ComponentName,
      by: Type.String({ maxLength: 100 }),
      active: Type.Optional(RunningRelease),
      previous: Type.Optional(RunningRelease),
    },
    closed,
  ),
  Type.Object(
    {
      event: Type.Literal('override'),
      ...progress,
      by: Type.String({ maxLength: 100 }),
      reason: Type.String({ maxLength: 500 }),
      /** What stood in the way and was stepped over. */
      skipped: Type.Array(Refusal, { minItems: 1, maxItems: 20 }),
    },
    closed,
  ),
  /** The identity of an alarm is the robot, the component (or none), the category and the element of its refusal. */
  Type.Object({ event: Type.Literal('alarm'), refusal: Refusal }, closed),
  Type.Object(
    {
      event: Type.Literal('alarm-resolved'),
      // As the refusal of the alarm names them, so that whatever was raised can be resolved.
      component: Type.Optional(Type.String({ maxLength: 63 })),
      element: Type.String({ maxLength: 300 }),
      category: Type.String({ maxLength: 41 }),
    },
    closed,
  ),
  /** A committed release began to fail its health checks, or passes them again. */
  Type.Object(
    {
      event: Type.Literal('health-changed'),
      /** The order that installed it; absent where the robot does not know it any more. */
      deployment: Type.Optional(DeploymentId),
      component: ComponentName,
      state: Type.Enum(['degraded', 'healthy']),
      active: Type.Optional(RunningRelease),
      refusal: Type.Optional(Refusal),
    },
    closed,
  ),
]);
export type ReportEvent = Static<typeof ReportEvent>;

export const Report = Type.Object(
  {
    schema: Type.Literal('fairlead.report.v1'),
    robot: RobotId,
    bootId: Type.String({ maxLength: 64 }),
    seq: Type.Integer({ minimum: 1, maximum: LARGEST_INTEGER }),
    prevReportSha256: Sha256,
    time: Timestamp,
    clockTrust: Type.Enum(['director', 'floor', 'system']),
    body: ReportEvent,
  },
  closed,
);
export type Report = Static<typeof Report>;
