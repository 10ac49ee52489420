/** A robot as selectors see it: its record, and what it last said of itself. */
import type { Labelled } from '@fairlead/shared/fleet/labels-of';
import type { RobotFacts } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';

export const labelled = (record: RobotRecord, { inventory, components }: RobotFacts = {}): Labelled => ({
  ...record,
  ...(inventory && { inventory }),
  ...(components && { components }),
});
