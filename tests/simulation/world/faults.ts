/** How often faults happen. Probabilities are per event, times are means in virtual time. */
import { HOUR, MINUTE } from '@fairlead/shared/time';
import type { Swarm } from './swarm.ts';

export interface FaultProfile {
  /** Per request. */
  readonly lostQuestions: number;
  readonly lostAnswers: number;
  readonly serverErrors: number;
  /** Mean time between two reboots of one robot, and the probability of a power cut per step of an update. */
  readonly rebootEvery: number;
  readonly cutInStep: number;
  /** Mean time between two losses of one robot's network, and how long they last. */
  readonly offlineEvery: number;
  readonly offlineFor: number;
  /** Mean time between two busy leases of one robot's application, and how long they last. */
  readonly leaseEvery: number;
  readonly leaseFor: number;
  /** Mean time between two deaths of the server, and how long it stays away. */
  readonly serverDiesEvery: number;
  readonly serverAwayFor: number;
  /** Share of the robots whose clock is wrong, and by how much at most. */
  readonly skewed: number;
  readonly skewMost: number;
  /** Mean time between two jumps of one robot's system clock. */
  readonly clockJumpEvery: number;
  /** Share of the robots with an update window in their agent.yaml. */
  readonly windowed: number;
}

// biome-ignore format: the table is read by column
export const ROUGH: FaultProfile = {
  lostQuestions:  0.01,
  lostAnswers:    0.01,
  serverErrors:   0.005,
  rebootEvery:    8 * HOUR,
  cutInStep:      0.01,
  offlineEvery:   20 * HOUR,
  offlineFor:     1.5 * HOUR,
  leaseEvery:     3 * HOUR,
  leaseFor:       20 * MINUTE,
  serverDiesEvery: 50 * MINUTE,
  serverAwayFor:  90_000,
  skewed:         0.1,
  skewMost:       48 * HOUR,
  clockJumpEvery: 12 * HOUR,
  windowed:       0.15,
};

// biome-ignore format: the table is read by column
export const CALM: FaultProfile = {
  lostQuestions:  0,
  lostAnswers:    0,
  serverErrors:   0,
  rebootEvery:    Number.POSITIVE_INFINITY,
  cutInStep:      0,
  offlineEvery:   Number.POSITIVE_INFINITY,
  offlineFor:     0,
  leaseEvery:     Number.POSITIVE_INFINITY,
  leaseFor:       0,
  serverDiesEvery: Number.POSITIVE_INFINITY,
  serverAwayFor:  0,
  skewed:         0,
  skewMost:       0,
  clockJumpEvery: Number.POSITIVE_INFINITY,
  windowed:       0,
};

/** The faults of a swarm: those that it enables, at its rates. A rate of 0 makes a mean time infinite. */
export function faultsOf(swarm: Swarm): FaultProfile {
  const share = (usual: number, rate: number): number => Math.min(1, usual * rate);
  const lost = swarm.rate('lost-requests');
  const power = swarm.rate('power-cuts');
  return {
    ...ROUGH,
    lostQuestions: share(ROUGH.lostQuestions, lost),
    lostAnswers: share(ROUGH.lostAnswers, lost),
    serverErrors: share(ROUGH.serverErrors, swarm.rate('server-errors')),
    rebootEvery: ROUGH.rebootEvery / power,
    cutInStep: share(ROUGH.cutInStep, power),
    offlineEvery: ROUGH.offlineEvery / swarm.rate('offline'),
    leaseEvery: ROUGH.leaseEvery / swarm.rate('leases'),
    serverDiesEvery: ROUGH.serverDiesEvery / swarm.rate('server-deaths'),
    skewed: share(ROUGH.skewed, swarm.rate('clock-skew')),
    clockJumpEvery: ROUGH.clockJumpEvery / swarm.rate('clock-jumps'),
    windowed: share(ROUGH.windowed, swarm.rate('robot-windows')),
  };
}
