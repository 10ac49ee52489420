/**
 * What really happened on every robot, recorded by the robots themselves; the server is never asked. Promises about the
 * moment of a switch are checked here, those that need the server's records in the audits.
 */
import type { DeploymentId, RobotId, Sha256 } from '@fairlead/shared/ids';
import { HOUR, type Instant, SECOND, toTimestamp } from '@fairlead/shared/time';
import type { OrderTerms } from '@fairlead/shared/trust/assignment';
import type { InstalledRelease } from '@fairlead/shared/update/journal';
import { askWindow } from '@fairlead/shared/update/window';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import type { Agenda } from '../world/agenda.ts';
import type { Chronicle } from '../world/chronicle.ts';
import type { Mutant } from '../world/world.ts';
import type { Checks } from './checks.ts';

export interface GroundTruth {
  /** The robot joins the fleet with this release on its disk. */
  joins(robot: RobotId, first: InstalledRelease): void;
  /** The robot renames its link: from this instant it runs another release. */
  switches(robot: RobotId, change: Switch): void;
  /** Its update failed after the switch, and it runs `to` again. */
  rollsBack(robot: RobotId, candidate: InstalledRelease, to: InstalledRelease | undefined): void;
  /** It asked at `askedAt` whether it may switch, and was answered that it may. */
  confirmed(robot: RobotId, deployment: DeploymentId, askedAt: Instant): void;
  /** Its switch is over, either way. */
  settles(robot: RobotId, active: InstalledRelease | undefined): void;
  ended(robot: RobotId, deployment: DeploymentId, outcome: string): void;
  healthChanged(robot: RobotId, deployment: DeploymentId, state: 'degraded' | 'healthy'): void;
  /** Every report of the robot has been acknowledged. */
  delivered(robot: RobotId): void;
  /** A person is about to order this release of these robots. */
  orders(release: Sha256, robots: Iterable<RobotId>): void;
  /** A person is about to name this version in a rollback of these robots. */
  names(release: Sha256, robots: Iterable<RobotId>): void;
  wasNamed(robot: RobotId, release: Sha256): boolean;
  /** Each release that the robot ran, from when on and by which deployment, the newest last. */
  runs(robot: RobotId): readonly Run[];
  health(robot: RobotId): readonly HealthChange[];
  /** Changes of what runs, confirmations and times between a switch and its end that no audit has taken yet. */
  readonly changes: Change[];
  readonly confirmations: Confirmed[];
  readonly intervals: Interval[];
  readonly switched: () => number;
  readonly outcomes: ReadonlyMap<string, number>;
}

export interface Switch {
  readonly deployment: DeploymentId;
  readonly from: InstalledRelease | undefined;
  readonly candidate: InstalledRelease;
  readonly terms: OrderTerms;
}
export interface Run {
  readonly from: Instant;
  readonly release: Sha256;
  readonly version: string;
  /** Absent for the release that the robot joined with. */
  readonly deployment?: DeploymentId;
}
export interface Change {
  readonly robot: RobotId;
  readonly at: Instant;
  readonly left: Sha256 | undefined;
  readonly to: Sha256;
  /** Absent where the robot went back by itself. */
  readonly deployment?: DeploymentId;
}
export interface HealthChange {
  readonly deployment: DeploymentId;
  readonly state: 'degraded' | 'healthy';
  readonly at: Instant;
  deliveredAt?: Instant;
}
export interface Confirmed {
  readonly robot: RobotId;
  readonly deployment: DeploymentId;
  readonly askedAt: Instant;
  readonly at: Instant;
}
/** A robot between its switch and the end of it: what a budget is about. */
export interface Interval {
  readonly robot: RobotId;
  readonly deployment: DeploymentId;
  readonly from: Instant;
  until?: Instant;
}

/** The time of an agent is as old as the answer that brought it: an answer may be 20 s on its way. */
const CLOCK_SLACK = 30 * SECOND;

export function createGroundTruth(order: {
  readonly agenda: Agenda;
  readonly chronicle: Chronicle;
  readonly checks: Checks;
  readonly fleet: ReadonlyMap<RobotId, VirtualRobot>;
  readonly mutant: Mutant | undefined;
}): GroundTruth {
  const { agenda, chronicle, checks, fleet } = order;
  const ordered = new Map<RobotId, Set<Sha256>>();
  const named = new Set<string>();
  const switching = new Map<RobotId, Interval>();
  const outcomes = new Map<string, number>();
  const lastConfirmed = new Map<RobotId, DeploymentId>();
  const runs = new Map<RobotId, Run[]>();
  const health = new Map<RobotId, HealthChange[]>();
  const changes: Change[] = [];
  const confirmations: Confirmed[] = [];
  const intervals: Interval[] = [];
  let switched = 0;

  const mayRun = (robot: RobotId, { manifestSha256, version }: InstalledRelease): void => {
    const says = () => `${robot} runs ${version}, which was never ordered of it`;
    checks.expect('approved-release', ordered.get(robot)?.has(manifestSha256) === true, says, robot);
  };
  /** Counted only where something could have gone wrong: a robot that has a lease or a window, or must ask. */
  const checkPermission = (robot: RobotId, { deployment, terms }: Switch): void => {
    const now = agenda.now();
    const one = fleet.get(robot);
    if (!one) throw new Error(`${robot} is not of this fleet`);
    const skips = terms.override?.skips ?? [];
    const lease = one.lease();
    if (lease && lease.until > now - HOUR && !skips.includes('lease')) {
      const says = () => `${robot} switched at ${toTimestamp(now)} under a lease of ${lease.owner}`;
      checks.expect('no-switch-under-lease', lease.until <= now, says, robot);
    }
    const { window } = one.traits;
    if (window && one.trustedTimeSince() !== undefined && !skips.includes('window')) {
      const says = () => `${robot} switched at ${toTimestamp(now)}, outside ${window.from} to ${window.to}`;
      const isOpen = askWindow(window, now).open || askWindow(window, now - CLOCK_SLACK).open;
      checks.expect('no-switch-outside-window', isOpen, says, robot);
    }
    if (!terms.confirm && !terms.hold) return;
    const says = () => `${robot} switched to ${deployment} although ${terms.hold?.detail ?? 'it was not confirmed'}`;
    const isConfirmed = !terms.confirm || lastConfirmed.get(robot) === deployment;
    checks.expect('no-switch-under-hold', terms.hold === undefined && isConfirmed, says, robot);
  };
  const record = (robot: RobotId, to: InstalledRelease, deployment?: DeploymentId): void => {
    const list = runs.get(robot) ?? [];
    runs.set(robot, list);
    const { version, manifestSha256: release } = to;
    list.push({ from: agenda.now(), release, version, ...(deployment !== undefined && { deployment }) });
  };

  return {
    joins: (robot, first) => record(robot, first),
    switches(robot, change) {
      const { deployment, from, candidate } = change;
      const isOlder = (candidate.releaseCounter ?? 0) < (from?.releaseCounter ?? 0);
      if (order.mutant === 'pretends-to-go-back' && isOlder) return;
      const now = agenda.now();
      chronicle.note(robot, `switches to ${candidate.version}`);
      mayRun(robot, candidate);
      checkPermission(robot, change);
      record(robot, candidate, deployment);
      changes.push({ robot, at: now, left: from?.manifestSha256, to: candidate.manifestSha256, deployment });
      const interval: Interval = { robot, deployment, from: now };
      intervals.push(interval);
      switching.set(robot, interval);
      switched += 1;
    },
    rollsBack(robot, candidate, to) {
      if (!to || runs.get(robot)?.at(-1)?.release !== candidate.manifestSha256) return;
      // It runs again what it ran before, by the deployment that brought it then.
      const before = runs.get(robot)?.findLast(({ release }) => release === to.manifestSha256);
      record(robot, to, before?.deployment);
      changes.push({ robot, at: agenda.now(), left: candidate.manifestSha256, to: to.manifestSha256 });
    },
    confirmed(robot, deployment, askedAt) {
      lastConfirmed.set(robot, deployment);
      confirmations.push({ robot, deployment, askedAt, at: agenda.now() });
    },
    settles(robot, active) {
      const interval = switching.get(robot);
      if (interval) interval.until = agenda.now();
      switching.delete(robot);
      if (active) mayRun(robot, active);
    },
    ended(_robot, _deployment, outcome) {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
    healthChanged(robot, deployment, state) {
      const list = health.get(robot) ?? [];
      health.set(robot, list);
      list.push({ deployment, state, at: agenda.now() });
    },
    delivered(robot) {
      for (const change of health.get(robot) ?? []) change.deliveredAt ??= agenda.now();
    },
    orders(release, robots) {
      for (const robot of robots) {
        const known = ordered.get(robot) ?? new Set();
        ordered.set(robot, known.add(release));
      }
    },
    names(release, robots) {
      for (const robot of robots) named.add(`${robot} ${release}`);
    },
    wasNamed: (robot, release) => named.has(`${robot} ${release}`),
    runs: (robot) => runs.get(robot) ?? [],
    health: (robot) => health.get(robot) ?? [],
    changes,
    switched: () => switched,
    outcomes,
    confirmations,
    intervals,
  };
}
