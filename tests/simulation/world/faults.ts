/** How bad the world is. Probabilities are per event, times are means in virtual time. */
import { HOUR, MINUTE } from '@fairlead/shared/time';

export interface FaultProfile {
  /** Per request. */
  readonly lostQuestions: number;
  readonly lostAnswers: number;
  readonly serverErrors: number;
  /** Mean time between two reboots of one robot. */
  readonly rebootEvery: number;
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
}

// biome-ignore format: the table is read by column
export const ROUGH: FaultProfile = {
  lostQuestions:  0.01,
  lostAnswers:    0.01,
  serverErrors:   0.005,
  rebootEvery:    8 * HOUR,
  offlineEvery:   20 * HOUR,
  offlineFor:     1.5 * HOUR,
  leaseEvery:     3 * HOUR,
  leaseFor:       20 * MINUTE,
  serverDiesEvery: 50 * MINUTE,
  serverAwayFor:  90_000,
  skewed:         0.1,
  skewMost:       48 * HOUR,
};

// biome-ignore format: the table is read by column
export const CALM: FaultProfile = {
  lostQuestions:  0,
  lostAnswers:    0,
  serverErrors:   0,
  rebootEvery:    Number.POSITIVE_INFINITY,
  offlineEvery:   Number.POSITIVE_INFINITY,
  offlineFor:     0,
  leaseEvery:     Number.POSITIVE_INFINITY,
  leaseFor:       0,
  serverDiesEvery: Number.POSITIVE_INFINITY,
  serverAwayFor:  0,
  skewed:         0,
  skewMost:       0,
};
