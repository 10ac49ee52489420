/** What everybody in a simulation shares: the clock, the server, the releases as they really are, and those who watch. */
import type { EnvironmentName, Sha256, Version } from '@fairlead/shared/ids';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { Instant } from '@fairlead/shared/time';
import type { DirectorKeys } from '@fairlead/shared/trust/targets';
import type { Checks } from '../invariants/checks.ts';
import type { GroundTruth } from '../invariants/ground-truth.ts';
import type { Agenda } from './agenda.ts';
import type { Chronicle } from './chronicle.ts';
import type { FaultProfile } from './faults.ts';
import type { Pace } from './pace.ts';
import type { Server } from './server.ts';
import type { Swarm } from './swarm.ts';

/** How a release behaves on robots: only the simulation knows. Probabilities are per robot. */
export interface Temper {
  /** Boards on which its smoke test fails. */
  readonly rejectedBy: readonly string[];
  /** How often it fails its probation. */
  readonly diesInProbation: number;
  /** How often it fails its health checks, or restarts again and again, some time after the commit. */
  readonly degrades: number;
  /** How often it takes the network of the robot down after the commit. */
  readonly silences: number;
  /** What its robots report as `inference_latency_p95_ms`. */
  readonly latencyMs: number;
}
export const GOOD: Temper = { rejectedBy: [], diesInProbation: 0, degrades: 0, silences: 0, latencyMs: 12 };
export interface Release {
  readonly version: Version;
  readonly manifestSha256: Sha256;
  readonly releaseCounter: number;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly temper: Temper;
}

/** A world in which somebody breaks a promise on purpose, to see that it is noticed. */
export const MUTANTS = [
  'blind-to-leases',
  'deaf-to-holds',
  'swallowed-reports',
  'no-limits',
  'ignores-orders',
  'pretends-to-go-back',
  'hides-degradation',
  'claims-newest-release',
  'supersedes-everything',
] as const;
export type Mutant = (typeof MUTANTS)[number];

export interface World {
  readonly seed: number;
  readonly agenda: Agenda;
  readonly server: Server;
  readonly chronicle: Chronicle;
  readonly truth: GroundTruth;
  readonly checks: Checks;
  readonly releases: ReadonlyMap<Sha256, Release>;
  readonly director: () => DirectorKeys;
  readonly environment: EnvironmentName;
  readonly pace: Pace;
  readonly mutant: Mutant | undefined;
  readonly swarm: Swarm;
  readonly faults: () => FaultProfile;
  /** When the world becomes kind: every fault has ended by then, and what was begun must come to its end. */
  readonly healsAt: Instant;
  /** When it should have; large fleets get more time where they need it. */
  readonly endsAt: Instant;
  /** Counts a fault that happened. */
  readonly injected: (fault: string) => void;
  /** Anything that must not happen ends the simulation. */
  readonly defect: (error: unknown) => void;
}

/** Starts something that goes on beside everything else. */
export function begin(world: Pick<World, 'defect'>, work: () => Promise<void>): void {
  void work().catch(world.defect);
}
