/** Watches every robot at the moments that count, and knows what really was ordered: the server is not asked. */
import type { DeploymentId, RobotId, Sha256 } from '@fairlead/shared/ids';
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { OrderTerms } from '@fairlead/shared/trust/assignment';
import type { InstalledRelease } from '@fairlead/shared/update/journal';
import { askWindow } from '@fairlead/shared/update/window';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import type { Agenda } from '../world/agenda.ts';
import type { Chronicle } from '../world/chronicle.ts';
import type { Checks } from './checks.ts';

export interface Overseer {
  /** A robot renames its link: from this instant it runs another release. */
  switches(robot: RobotId, deployment: DeploymentId, candidate: InstalledRelease, terms: OrderTerms): void;
  /** It asked at `askedAt` whether it may, and was told that it may. */
  confirmed(robot: RobotId, deployment: DeploymentId, askedAt: Instant): void;
  /** Its switch is over, either way. */
  settles(robot: RobotId, active: InstalledRelease | undefined): void;
  ended(robot: RobotId, deployment: DeploymentId, outcome: string): void;
  /** A person is about to order this release of these robots. */
  orders(release: Sha256, robots: Iterable<RobotId>): void;
  /** Every confirmation and every time between a switch and its end, since the last time it was asked for. */
  readonly confirmations: Confirmed[];
  readonly intervals: Interval[];
  readonly switched: () => number;
  readonly outcomes: ReadonlyMap<string, number>;
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

export function createOverseer(order: {
  readonly agenda: Agenda;
  readonly chronicle: Chronicle;
  readonly checks: Checks;
  readonly fleet: ReadonlyMap<RobotId, VirtualRobot>;
}): Overseer {
  const { agenda, chronicle, checks, fleet } = order;
  const ordered = new Map<RobotId, Set<Sha256>>();
  const switching = new Map<RobotId, Interval>();
  const outcomes = new Map<string, number>();
  const lastConfirmed = new Map<RobotId, DeploymentId>();
  const confirmations: Confirmed[] = [];
  const intervals: Interval[] = [];
  let switched = 0;

  const mayRun = (robot: RobotId, { manifestSha256, version }: InstalledRelease): void => {
    const says = () => `${robot} runs ${version}, which nobody ordered of it`;
    checks.expect('approved-release', ordered.get(robot)?.has(manifestSha256) === true, says, robot);
  };
  return {
    switches(robot, deployment, candidate, terms) {
      const now = agenda.now();
      chronicle.note(robot, `switches to ${candidate.version}`);
      mayRun(robot, candidate);
      const one = fleet.get(robot);
      if (!one) throw new Error(`${robot} is not of this fleet`);
      const lease = one.lease();
      const until = () => `${robot} switched at ${toTimestamp(now)} under a lease of ${lease?.owner}`;
      checks.expect('no-switch-under-lease', lease === undefined || lease.until <= now, until, robot);
      const { window } = one.traits;
      if (window) {
        const says = () => `${robot} switched at ${toTimestamp(now)}, outside ${window.from} to ${window.to}`;
        checks.expect('no-switch-outside-window', askWindow(window, now).open, says, robot);
      }
      const held = () => `${robot} switched to ${deployment} against ${terms.hold?.detail ?? 'nobody’s word'}`;
      const isConfirmed = !terms.confirm || lastConfirmed.get(robot) === deployment;
      checks.expect('no-switch-under-hold', terms.hold === undefined && isConfirmed, held, robot);
      const interval: Interval = { robot, deployment, from: now };
      intervals.push(interval);
      switching.set(robot, interval);
      switched += 1;
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
    orders(release, robots) {
      for (const robot of robots) {
        const known = ordered.get(robot) ?? new Set();
        ordered.set(robot, known.add(release));
      }
    },
    switched: () => switched,
    outcomes,
    confirmations,
    intervals,
  };
}
