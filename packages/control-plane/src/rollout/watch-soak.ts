/**
 * Whether the robots of a stage that soaks still check in. Presence is in memory, so one check of a cohort costs one
 * lookup per robot; which robots belong to it is read from the database only when the counts of the stage have changed,
 * and every 30 seconds.
 */
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { SoakWatch } from '@fairlead/shared/rollout/rollout-facts';
import type { StageTally } from '@fairlead/shared/rollout/tally';
import { type Instant, MINUTE, SECOND } from '@fairlead/shared/time';
import type { WatchedRobot } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';

export interface SoakWatcher {
  /**
   * The engine takes a turn. A long pause between two turns means that this process was suspended, or cut off from its
   * database: what robots sent meanwhile is unknown, and their silence counts from now on only.
   */
  onTurn(now: Instant): void;
  /** Which robots of the present stage still check in; undefined unless it soaks. */
  look(slices: Slices, rollout: Rollout, tally: StageTally, now: Instant): Promise<SoakWatch | undefined>;
  /** Robots of the present stage that have been silent for too long. */
  silentRobots(slices: Slices, rollout: Rollout, now: Instant): Promise<readonly WatchedRobot[]>;
}

export interface SoakWatcherDeps {
  readonly startedAt: Instant;
  readonly lastSeen: (robot: RobotId) => Instant | undefined;
  /** Silence after which a robot is offline. */
  readonly offlineAfterMs: () => number;
}

interface Cohort {
  readonly counts: string;
  readonly readAt: Instant;
  readonly robots: readonly WatchedRobot[];
}

/** Other replicas write what they know of robots every five seconds. */
const PRESENCE_DELAY_MS = 10 * SECOND;
const REREAD_MS = 30 * SECOND;
const LONGEST_GAP_MS = 1 * MINUTE;
const PAGE = 1000;
const NAMED = 3;
const MOST_REMEMBERED = 50;

export function soakWatcher({ startedAt, lastSeen, offlineAfterMs }: SoakWatcherDeps): SoakWatcher {
  const cohorts = new Map<RolloutId, Cohort>();
  let lastTurn = startedAt;
  let listeningSince = startedAt;

  const cohortOf = async (slices: Slices, { rollout, stage }: Rollout, tally: StageTally, now: Instant) => {
    const counts = `${stage} ${JSON.stringify(tally.states)}`;
    const known = cohorts.get(rollout);
    if (known?.counts === counts && now - known.readAt < REREAD_MS) return known.robots;
    if (cohorts.size >= MOST_REMEMBERED) cohorts.clear();
    const robots = await readCohort(slices, rollout, stage);
    cohorts.set(rollout, { counts, readAt: now, robots });
    return robots;
  };
  const silentAt = (robot: RobotId): Instant =>
    Math.max(lastSeen(robot) ?? 0, listeningSince) + offlineAfterMs() + PRESENCE_DELAY_MS;

  return {
    onTurn(now) {
      const gap = Math.max(5 * SECOND, Math.min(LONGEST_GAP_MS, offlineAfterMs() / 2));
      if (now - lastTurn > gap) listeningSince = now;
      lastTurn = now;
    },
    async look(slices, rollout, tally, now) {
      const soakedAt = endOfSoak(rollout);
      if (soakedAt === undefined) {
        cohorts.delete(rollout.rollout);
        return undefined;
      }
      let silent = 0;
      let unseenUntil = now;
      const unseen: RobotId[] = [];
      for (const { robot } of await cohortOf(slices, rollout, tally, now)) {
        const until = silentAt(robot);
        if (until <= now) silent += 1;
        else if ((lastSeen(robot) ?? 0) < soakedAt) {
          unseen.push(robot);
          unseenUntil = Math.max(unseenUntil, until);
        }
      }
      return { silent, unseen: unseen.length, examples: unseen.slice(0, NAMED), unseenUntil };
    },
    async silentRobots(slices, { rollout, stage }, now) {
      return (await readCohort(slices, rollout, stage)).filter(({ robot }) => silentAt(robot) <= now);
    },
  };
}

async function readCohort({ rollouts }: Slices, rollout: RolloutId, stage: number): Promise<WatchedRobot[]> {
  const robots: WatchedRobot[] = [];
  for (;;) {
    const page = await rollouts.watched(rollout, stage, { after: robots.at(-1)?.deployment, limit: PAGE });
    robots.push(...page);
    if (page.length < PAGE) return robots;
  }
}

/** When the soak of the present stage is over; undefined unless it soaks. */
function endOfSoak({ state, spec, stage, stages }: Rollout): Instant | undefined {
  const progress = stages[stage];
  const soakSec = spec.stages[stage]?.soakSec ?? 0;
  if (state !== 'running' || progress?.state !== 'soaking' || soakSec === 0) return undefined;
  return progress.soakingSince === undefined ? undefined : progress.soakingSince + soakSec * SECOND;
}
