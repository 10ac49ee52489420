/** What a simulation is asked, what its story is given to work with, and what it answers. */
import type { Target } from '@fairlead/shared/fleet/target';
import type { RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import type { Checks, Invariant } from './invariants/checks.ts';
import type { VirtualRobot } from './robot/robot-handle.ts';
import type { FaultProfile } from './world/faults.ts';
import type { Person } from './world/people.ts';
import type { Publisher } from './world/publisher.ts';
import type { Swarm } from './world/swarm.ts';
import type { WindowBook } from './world/window-book.ts';
import type { Mutant, Release, World } from './world/world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly robots: number;
  /** How long the world is rough; then it heals, and half as long is left for everything to come to its end. */
  readonly hours?: number;
  /** What is enabled, and how often; that of the seed by default. */
  readonly swarm?: Swarm;
  /** The faults of the swarm by default. */
  readonly faults?: FaultProfile;
  readonly story: Story;
  /** For tests of the simulation itself. */
  readonly mutant?: Mutant;
  /** Invariants that end the run where they are broken; all by default. */
  readonly judges?: readonly Invariant[];
  /** Asked all the time: true ends the run as it stands, without the last look at everything. */
  readonly isOutOfTime?: () => boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly onLine?: (line: TimeLineEntry) => void;
  /** Where the database lies; a folder in memory by default. */
  readonly folder?: string;
}
export interface Progress {
  readonly share: number;
  readonly now: number;
  readonly checkIns: number;
}
export interface TimeLineEntry {
  readonly at: number;
  readonly says: string;
}
/** What people do in a simulation. */
export interface Story {
  readonly name: string;
  /** Begins before the robots are switched on; goes on beside them. */
  begin(stage: Stage): Promise<void>;
  /** Looked at when everything had the time to come to its end. */
  atEnd?(stage: Stage): Promise<void>;
}
export interface Stage {
  readonly world: World;
  readonly operators: readonly [Person, Person];
  readonly admin: Person;
  /** Asks beside the network: no time passes until the answer. */
  readonly auditor: Person;
  /** How often robots check in by themselves, milliseconds. */
  readonly interval: number;
  readonly publisher: Publisher;
  readonly publish: (...what: Parameters<Publisher['publish']>) => Promise<Release>;
  readonly fleet: ReadonlyMap<RobotId, VirtualRobot>;
  readonly checks: Checks;
  readonly tell: (says: string) => void;
  readonly begin: (work: () => Promise<void>) => void;
  /** The robots that a target means now, found without the server. */
  readonly meantBy: (target: Target) => readonly RobotId[];
  /** These robots, and those that join them later, may run this release; `named`: also by a rollback that names it. */
  readonly permit: (target: Target, release: Sha256, how?: 'named') => void;
  readonly decommissioned: Set<RobotId>;
  /** Rollouts that skip the limits. */
  readonly unlimited: Set<RolloutId>;
  readonly windows: WindowBook;
  /** One more robot of the same kind. */
  readonly join: () => Promise<VirtualRobot>;
}
export interface Outcome {
  readonly seed: number;
  readonly swarm: Swarm;
  readonly robots: number;
  readonly hash: string;
  readonly events: number;
  readonly checkIns: number;
  readonly switches: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly checks: ReadonlyMap<Invariant, number>;
  readonly virtualMs: number;
  readonly realMs: number;
  readonly rssMb: number;
  /** It ran out of time before its end: what it looks at only there was not checked. */
  readonly isCut: boolean;
  /** The first thing that must not have happened. */
  readonly failure?: {
    readonly error: Error;
    readonly lastEvents: readonly string[];
    readonly serverLog: readonly string[];
  };
}
