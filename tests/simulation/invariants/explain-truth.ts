/** Each sentence that explain can give, and what must then be so on the robot or in its rollout. */
import type { Explanation } from '@fairlead/shared/fleet/explanation';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RolloutId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { hasEnded, hasPassedAllStages } from '@fairlead/shared/rollout/states';
import { type Instant, MINUTE, SECOND, toTimestamp } from '@fairlead/shared/time';
import { askWindow } from '@fairlead/shared/update/window';
import type { Static } from 'typebox';
import type { VirtualRobot } from '../robot/robot-handle.ts';
import type { GroundTruth } from './ground-truth.ts';
import type { DeploymentRecord } from './server-records.ts';

export interface World {
  readonly now: Instant;
  readonly robot: VirtualRobot;
  readonly truth: GroundTruth;
  readonly desired: DeploymentRecord | undefined;
  readonly rollouts: ReadonlyMap<RolloutId, Rollout>;
  readonly isDecommissioned: boolean;
  /** When the server was started: of what it had not stored before that it knows nothing. */
  readonly serverUpSince: Instant;
  /** How often robots check in, milliseconds. */
  readonly interval: number;
}
/** Why the sentence is false; undefined where it is true. */
type Judge = (world: World, explanation: Static<typeof Explanation>, match: RegExpMatchArray) => string | undefined;

/** A check-in is on its way, and heartbeats are stored in batches. */
const SLACK = 15 * SECOND;

const OUTCOME_OF: Readonly<Record<string, readonly string[]>> = {
  'failed to install': ['failed'],
  'rolled back from': ['rolled-back'],
  'removed its first release': ['rolled-back'],
};
const STATE_OF: Readonly<Record<string, string>> = {
  downloads: 'downloading',
  verifies: 'verifying',
  unpacks: 'staging',
  'tests, in a guarded child,': 'testing',
  'switches to': 'switching',
  'runs on probation:': 'probation',
  commits: 'committing',
  'rolls back from': 'rolling-back',
  'reports on': 'reporting',
};

/** The server can know everything that this robot did: nothing is under way between the two. */
export function isKnownToServer({ robot, truth }: Pick<World, 'robot' | 'truth'>): boolean {
  const { disk, traits } = robot;
  if (disk.journal || disk.queue.length > 0 || disk.flight.length > 0) return false;
  const lastRun = truth.runs(traits.name).at(-1)?.from ?? 0;
  const lastHealth = truth.health(traits.name).at(-1)?.at ?? 0;
  return robot.lastAnswered() > Math.max(lastRun, lastHealth) + SLACK;
}

const wasReported = ({ robot, serverUpSince }: World, state: string): string | undefined =>
  serverUpSince > robot.lastAnswered() || robot.reported().some((activity) => activity.state === state)
    ? undefined
    : `its last check-ins said ${robot
        .reported()
        .map((activity) => activity.state)
        .join(', ')}`;

const rolloutIs =
  (name: string, isSo: (rollout: Rollout) => boolean): Judge =>
  ({ rollouts }, _explanation, match) => {
    const rollout = rollouts.get(match[1] as RolloutId);
    if (!rollout) return `there is no rollout ${match[1]}`;
    return isSo(rollout) ? undefined : `${name}, and the rollout is ${rollout.state}`;
  };
const isOpen = (rollout: Rollout): boolean => !hasEnded(rollout.state);

const RULES: readonly (readonly [RegExp, Judge])[] = [
  // First: what follows its colon is the detail of another reason.
  [/^\S+ reports .+ but its order is /, differs],
  [
    / was taken out of the fleet/,
    ({ isDecommissioned }) => (isDecommissioned ? undefined : 'it was not decommissioned'),
  ],
  [
    / is quarantined /,
    ({ robot }) => (hasFailedRepeatedly(robot) ? undefined : 'it did not fail three times in a row'),
  ],
  [
    / has never checked in/,
    ({ robot }) => (robot.checkIns() <= 2 ? undefined : `it checked in ${robot.checkIns()} times`),
  ],
  [/ is offline/, (world) => silentFor(world, 6)],
  [/ is late, last heard/, (world) => silentFor(world, 3)],
  [
    / is unwell/,
    ({ robot }) => (robot.reported().some(({ refusal }) => refusal) ? undefined : 'it reported nothing of the kind'),
  ],
  [
    / may not switch yet in rollout (ro_\w+)/,
    rolloutIs('it holds nothing', (rollout) => isOpen(rollout) || hasPassedAllStages(rollout.state)),
  ],
  [/ waits for its turn in rollout (ro_\w+)/, rolloutIs('no turn comes', isOpen)],
  [
    / is left out of rollout (ro_\w+)/,
    rolloutIs('it leaves nothing out', (rollout) => isOpen(rollout) || hasPassedAllStages(rollout.state)),
  ],
  [/ (failed to install|rolled back from|removed its first release) /, outcomeIs],
  [
    / (refused|may not try again) /,
    ({ desired }) => (desired && isTerminal(desired.state) ? undefined : 'its order is open'),
  ],
  [/ is degraded/, ({ robot, truth }, explanation) => healthIs('degraded', { robot, truth }, explanation.sentence)],
  [/ did not finish in time with /, notFinished],
  [/ waits( with \S+)?(:|\.|$)/, waits],
  [
    / (downloads|verifies|unpacks|tests, in a guarded child,|switches to|runs on probation:|commits|rolls back from|reports on) /,
    (world, _explanation, match) => wasReported(world, STATE_OF[match[1] ?? ''] ?? ''),
  ],
  [/ (will be offered|was offered|works on) /, notEnded],
  [/ is up to date with (.+)/, upToDate],
  [
    / has nothing assigned/,
    ({ desired }) => (desired && !isTerminal(desired.state) ? 'it has an open order' : undefined),
  ],
];

/** Whether a rule judges this sentence. */
export const isJudged = (sentence: string): boolean => RULES.some(([pattern]) => pattern.test(sentence));

/**
 * Whether the sentence is true, and why not. A sentence without a rule counts as false: the rules must then be
 * extended, or a sentence would go unchecked.
 */
export function judgeExplanation(
  explanation: Static<typeof Explanation>,
  world: World,
): { readonly isTrue: boolean; readonly why: string } {
  for (const [pattern, judge] of RULES) {
    const match = explanation.sentence.match(pattern);
    if (!match) continue;
    const why = judge(world, explanation, match);
    return { isTrue: why === undefined, why: why ?? '' };
  }
  return { isTrue: false, why: 'no rule of the simulation knows this sentence: add one to explain-truth.ts' };
}

function silentFor({ robot, now, interval }: World, times: number): string | undefined {
  const silence = now - robot.lastAnswered();
  if (silence >= interval * times - SLACK) return undefined;
  return `it was answered ${Math.round(silence / SECOND)} s ago`;
}

function outcomeIs({ robot, desired }: World, _explanation: unknown, match: RegExpMatchArray): string | undefined {
  if (!desired) return 'it has no order';
  const really = robot.disk.outcomes.get(desired.deployment);
  return OUTCOME_OF[match[1] ?? '']?.includes(really ?? '')
    ? undefined
    : `its update ended as ${really ?? 'nothing yet'}`;
}

function notEnded({ robot, desired, truth }: World): string | undefined {
  const really = desired && robot.disk.outcomes.get(desired.deployment);
  if (really === undefined || !isKnownToServer({ robot, truth })) return undefined;
  return `it reported that this ended as ${really}`;
}

/** A robot that timed out may have received its cancellation. */
function notFinished(world: World): string | undefined {
  const { robot, desired } = world;
  return desired && robot.disk.outcomes.get(desired.deployment) === 'cancelled' ? undefined : notEnded(world);
}

function waits(world: World, { refusal }: Static<typeof Explanation>): string | undefined {
  const { robot, now } = world;
  const answeredAt = robot.lastAnswered();
  if (refusal?.category === 'lease') {
    const lease = robot.lease();
    const isSo = lease !== undefined && lease.from <= now && lease.until >= answeredAt - SLACK;
    return isSo ? undefined : `its lease is ${lease ? `over since ${toTimestamp(lease.until)}` : 'absent'}`;
  }
  const { window } = robot.traits;
  if (refusal?.category === 'outside_window' && refusal.detail.includes('own window')) {
    // The first answer after a boot corrects the clock. What was judged by the system clock is judged again within a minute.
    const since = robot.trustedTimeSince();
    if (since === undefined || answeredAt <= since + MINUTE + SLACK) return undefined;
    const isSo = window !== undefined && !askWindow(window, Math.max(0, answeredAt - SLACK)).open;
    return isSo ? undefined : 'its own window is open';
  }
  return wasReported(world, 'waiting');
}

function upToDate(world: World, _explanation: unknown, match: RegExpMatchArray): string | undefined {
  const { robot, truth } = world;
  if (!isKnownToServer(world)) return undefined;
  const runs = robot.disk.active?.version;
  if (!match[1]?.includes(`@${runs}`)) return `it runs ${runs}`;
  return healthIs('not degraded', { robot, truth }, '');
}

function differs({ robot, truth, desired }: World): string | undefined {
  if (!desired) return 'it has no order';
  const runsIt = isKnownToServer({ robot, truth }) && robot.disk.active?.manifestSha256 === desired.release;
  return runsIt ? 'it runs what it was ordered' : undefined;
}

function healthIs(
  wanted: 'degraded' | 'not degraded',
  world: Pick<World, 'robot' | 'truth'>,
  _sentence: string,
): string | undefined {
  const { robot } = world;
  if (!isKnownToServer(world)) return undefined;
  const really = robot.disk.health?.state === 'degraded' ? 'degraded' : 'not degraded';
  return really === wanted ? undefined : `it is ${really}`;
}

const TELLING = new Set(['succeeded', 'failed', 'rolled-back', 'rejected']);
function hasFailedRepeatedly({ disk }: VirtualRobot): boolean {
  let inARow = 0;
  for (const outcome of disk.outcomes.values()) {
    if (!TELLING.has(outcome)) continue;
    inARow = outcome === 'succeeded' ? 0 : inARow + 1;
    if (inARow >= 3) return true;
  }
  return false;
}
