/** A robot as the world meets it: what can be done to it, and what it shows. */
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { Disk } from './disk.ts';
import type { Lease } from './own-say.ts';
import type { Traits } from './traits.ts';

export interface VirtualRobot {
  readonly traits: Traits;
  readonly disk: Disk;
  boot(): void;
  /** The power goes, and comes back after `ms`. */
  cutPower(ms: number): void;
  cutLine(until: number): void;
  takeLease(lease: Lease): void;
  lease(): Lease | undefined;
  /** The server has news for it: what a long-poll would bring. */
  wake(): void;
  isUp(): boolean;
  isOnline(): boolean;
  /** It leaves the fleet and is switched off. */
  retire(): void;
  activity(): Activity;
  /** When an answer was last believed. */
  lastAnswered(): number;
  checkIns(): number;
  /** Since when it has power and network without a break; undefined while it has not. */
  onlineSince(): number | undefined;
  /** The activities of its check-ins that the server may know, the newest last. */
  reported(): readonly Activity[];
  /** Since when the time of its agent is the control plane's; undefined while it is its system clock's. */
  trustedTimeSince(): number | undefined;
  /** The system clock is stepped by `ms`. */
  jumpClock(ms: number): void;
}
