/** A robot as operators see it: the record, what it last said, and what it should run. */

import { classifyPresence } from '@fairlead/shared/fleet/presence';
import type { RobotView } from '@fairlead/shared/fleet/robot-facts';
import type { Settings } from '@fairlead/shared/fleet/settings';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { Heard } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';

export type DesiredRelease = RobotView['desired'][number];

export function viewRobot(
  record: RobotRecord,
  heard: Heard | undefined,
  desired: readonly DesiredRelease[],
  settings: Settings,
  now: Instant,
): RobotView {
  const { inventory, vitals, components, activity, trust } = heard?.facts ?? {};
  return {
    robot: record.robot,
    lifecycle: record.lifecycle,
    presence: classifyPresence(heard?.lastSeen, now, settings),
    environment: record.environment,
    ...(record.group !== undefined && { group: record.group }),
    labels: record.labels,
    keyFingerprint: record.keyid,
    ...(record.quarantined && { quarantined: record.quarantined }),
    enrolledAt: toTimestamp(record.enrolledAt),
    ...(heard?.lastSeen !== undefined && { lastSeen: toTimestamp(heard.lastSeen) }),
    ...(inventory && { inventory }),
    ...(vitals && { vitals }),
    components: components ?? [],
    desired: [...desired],
    ...(activity && { activity }),
    ...(trust && { trust }),
  };
}
