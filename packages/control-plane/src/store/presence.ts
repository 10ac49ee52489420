/** Slice: what each robot last said, written in batches from memory (fleet/presence-registry.ts). */
import {
  Activity,
  ComponentState,
  Inventory,
  Metrics,
  TrustVersions,
  Vitals,
} from '@fairlead/shared/fleet/robot-facts';
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { type Static, Type } from 'typebox';

/** What a check-in says; everything is absent until the robot's first one (the inventory comes at enrolment). */
export const RobotFacts = Type.Object({
  bootId: Type.Optional(Type.String()),
  agentVersion: Type.Optional(Type.String()),
  components: Type.Optional(Type.Array(ComponentState)),
  activity: Type.Optional(Activity),
  trust: Type.Optional(TrustVersions),
  vitals: Type.Optional(Vitals),
  inventory: Type.Optional(Inventory),
  unsentReports: Type.Optional(Type.Integer()),
  metrics: Type.Optional(Metrics),
});
export type RobotFacts = Static<typeof RobotFacts>;

export interface Heard {
  readonly robot: RobotId;
  /** Absent where it has enrolled and never checked in. */
  readonly lastSeen?: Instant;
  readonly facts: RobotFacts;
}

export interface PresenceSlice {
  all(): Promise<readonly Heard[]>;
  /** Inserts or replaces, all of them or none. */
  saveAll(heard: readonly Heard[]): Promise<void>;
}
