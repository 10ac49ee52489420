/**
 * Port: the release that this very program is. The agent updates itself as the component `fairlead-agent`, by the
 * same journey as any other; what differs is who starts it (the launcher, not a service manager) and that the one
 * who rolls back may be the one who is sick. Contract: launcher/fairlead-launch.
 */
import type { Result } from '@fairlead/shared/failure';
import type { ReleaseIdentity } from '@fairlead/shared/release/manifest';

/** The component's name; no release can name the agent otherwise. */
export const OWN_COMPONENT = 'fairlead-agent';
/** What runs where no release was ever installed: the files of the package. */
export const PACKAGED = 'packaged';

export interface OwnRelease {
  /** Folder name of the release that runs, or PACKAGED; undefined where no launcher started it: it can't update itself. */
  readonly running: string | undefined;
  /** Why the launcher started neither what is active nor, perhaps, what was before: a sentence for each. */
  readonly passedOver: readonly string[];
  /** Why the launcher gave up `release`, where it did and no trial of it has begun since. */
  gaveUp(release: ReleaseIdentity): string | undefined;
  /** Whether this start is one of those in which a new agent must prove itself. */
  isOnTrial(): Promise<boolean>;
  /** Whether the files of `release` are what runs. */
  is(release: ReleaseIdentity): boolean;
  /** Runs the self-test of the agent in `folder`, with this robot's own configuration, as this user. */
  tryOut(folder: string, signal: AbortSignal): Promise<Result<void>>;
  /** Durable before the switch: from its next start on, `release` has its probation and some slack to commit. */
  beginTrial(release: ReleaseIdentity, probationSec: number): Promise<void>;
  /** It proved itself, or was given up: no start is counted against anybody any more. */
  endTrial(): Promise<void>;
  /** A start that ends in order proves nothing and accuses nobody (DESIGN 7.5). */
  forgetThisStart(): Promise<void>;
  /** Ends this agent in order; the launcher then starts what is active. */
  restart(): void;
  /** Restarts where another release is active than the one that runs, unless the launcher decided so. */
  restartIfStale(): Promise<void>;
}
