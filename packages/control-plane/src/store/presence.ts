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
  /**
   * Up to when the robot has described itself, in milliseconds since 1970: when its newest check-in was signed, or its newest
   * report of what it runs was written, and never later than that was received.
   */
  observedAt: Type.Optional(Type.Integer()),
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
  /**
   * What was saved after that revision, by whichever replica, and the newest revision; -1 gives everything. A reader
   * who has seen a revision has seen all before it.
   */
  since(revision: number): Promise<{ readonly revision: number; readonly heard: readonly Heard[] }>;
  /** Inserts or replaces them all under a new revision, which it answers. Only in a transaction. */
  saveAll(heard: readonly Heard[]): Promise<number>;
}
