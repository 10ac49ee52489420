/**
 * Whether the robots of a stage that soaks still check in, and which of them can't be observed any more. Presence is in
 * memory, so one check of a cohort costs one lookup per robot; which robots belong to it is read from the database only
 * when the counts of the stage have changed, every 30 seconds, and before the stage passes.
 */
import { LONGEST_BACKOFF_MS } from '@fairlead/shared/fleet/settings';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Departed } from '@fairlead/shared/rollout/departed';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { SoakWatch } from '@fairlead/shared/rollout/rollout-facts';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { StageTally } from '@fairlead/shared/rollout/tally';
import { type Instant, MINUTE, SECOND } from '@fairlead/shared/time';
import type { WatchedRobot } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';

export interface SoakWatcher {
  /**
   * The engine takes a turn. A long pause between two turns means that this process was suspended, or cut off from its
   * database: what robots sent meanwhile is unknown. Their silence counts from now on only, and each has as much time to
   * be back as it may pause between two attempts to reach the control plane.
   */
  onTurn(now: Instant): void;
  /** Which robots of the present stage still check in, and which have departed. */
  look(slices: Slices, rollout: Rollout, tally: StageTally, now: Instant): Promise<Observed>;
  /** Robots of the present stage that have been silent for too long. */
  silentRobots(slices: Slices, rollout: Rollout, now: Instant): Promise<readonly WatchedRobot[]>;
}

export interface Observed {
  /** Absent unless the stage soaks. */
  readonly watch?: SoakWatch;
  /** Absent where it has not begun to soak, or none has departed. */
  readonly departed?: Departed;
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
    if (known?.counts === counts && Math.abs(now - known.readAt) < REREAD_MS) return known;
    if (cohorts.size >= MOST_REMEMBERED) cohorts.clear();
    const cohort = { counts, readAt: now, robots: await readCohort(slices, rollout, stage) };
    cohorts.set(rollout, cohort);
    return cohort;
  };
  const silentAt = (robot: RobotId): Instant => {
    const last = lastSeen(robot) ?? 0;
    const offlineAt =
      last >= listeningSince
        ? last + offlineAfterMs()
        : listeningSince + Math.max(offlineAfterMs(), LONGEST_BACKOFF_MS);
    return offlineAt + PRESENCE_DELAY_MS;
  };

  const checkIns = (robots: readonly WatchedRobot[], endsAt: Instant, now: Instant): SoakWatch => {
    let silent = 0;
    let unseenUntil = now;
    const unseen: RobotId[] = [];
    for (const { robot } of robots.filter(isObserved)) {
      const until = silentAt(robot);
      if (until <= now) silent += 1;
      else if ((lastSeen(robot) ?? 0) < endsAt) {
        unseen.push(robot);
        unseenUntil = Math.max(unseenUntil, until);
      }
    }
    return { silent, unseen: unseen.length, examples: unseen.slice(0, NAMED), unseenUntil };
  };

  return {
    onTurn(now) {
      const gap = Math.max(5 * SECOND, Math.min(LONGEST_GAP_MS, offlineAfterMs() / 2));
      if (now - lastTurn > gap) listeningSince = now;
      lastTurn = now;
    },
    async look(slices, rollout, tally, now) {
      const soak = soakOf(rollout);
      if (!soak) {
        cohorts.delete(rollout.rollout);
        return {};
      }
      const { endsAt } = soak;
      const known = await cohortOf(slices, rollout, tally, now);
      const watch = soak.isRunning ? checkIns(known.robots, endsAt, now) : undefined;
      const mayPass = watch && now >= endsAt && watch.silent === 0 && watch.unseen === 0;
      if (mayPass && known.readAt !== now && !isManual(rollout)) {
        cohorts.delete(rollout.rollout);
        return this.look(slices, rollout, tally, now);
      }
      const departed = departedOf(known.robots);
      return { ...(watch && { watch }), ...(departed && { departed }) };
    },
    async silentRobots(slices, { rollout, stage }, now) {
      return (await readCohort(slices, rollout, stage))
        .filter(isObserved)
        .filter(({ robot }) => silentAt(robot) <= now);
    },
  };
}

const isObserved = ({ departed }: WatchedRobot): boolean => departed === undefined;

const BECAME: Readonly<Record<NonNullable<WatchedRobot['departed']>, string>> = {
  decommissioned: 'left the fleet',
  quarantined: 'is quarantined',
  'not-ordered': 'is not ordered this release any more',
};

function departedOf(robots: readonly WatchedRobot[]): Departed | undefined {
  const gone = robots.flatMap(({ robot, departed }) => (departed ? [`${robot} ${BECAME[departed]}`] : []));
  return gone.length === 0 ? undefined : { count: gone.length, examples: gone.slice(0, NAMED) };
}

async function readCohort({ rollouts }: Slices, rollout: RolloutId, stage: number): Promise<WatchedRobot[]> {
  const robots: WatchedRobot[] = [];
  for (;;) {
    const page = await rollouts.watched(rollout, stage, { after: robots.at(-1)?.deployment, limit: PAGE });
    robots.push(...page);
    if (page.length < PAGE) return robots;
  }
}

interface Soak {
  readonly endsAt: Instant;
  /** False where the gate has stopped the stage: its verdict is shown with the robots of now. */
  readonly isRunning: boolean;
}

/** The soak of the present stage; undefined where it has none, or not begun it. */
function soakOf({ state, spec, stage, stages }: Rollout): Soak | undefined {
  const progress = stages[stage];
  const soakSec = spec.stages[stage]?.soakSec ?? 0;
  if (hasEnded(state) || soakSec === 0 || progress?.soakingSince === undefined) return undefined;
  const isStopped = progress.state === 'failed' || progress.state === 'inconclusive';
  if (progress.state !== 'soaking' && !isStopped) return undefined;
  return { endsAt: progress.soakingSince + soakSec * SECOND, isRunning: state === 'running' && !isStopped };
}

/** Its gate waits for a person after the soak. */
const isManual = ({ spec, stage }: Rollout): boolean => spec.stages[stage]?.gate?.manual === true;
