/**
 * Maintenance windows: when the fleet, a group or one robot may switch. The most specific scope that names a robot
 * counts alone (robot, then selector, then group, then fleet), several windows of that scope add up, and a robot
 * that no window names may switch at any time.
 */
import { type Static, Type } from 'typebox';
import { RobotId } from '../ids.ts';
import { DAY, type Instant } from '../time.ts';
import { windowProperties } from '../update/update-window.ts';
import { askWindow, type WindowAnswer } from '../update/window.ts';
import { type Labelled, labelsOf } from './labels-of.ts';
import { inGroup, RuleName, type SavedGroup } from './saved-group.ts';
import { matches, selectorIn } from './selector.ts';

const closed = { additionalProperties: false };

export const WindowScope = Type.Union(
  [
    Type.Object({ fleet: Type.Literal(true) }, closed),
    Type.Object({ group: Type.String({ minLength: 1, maxLength: 63 }) }, closed),
    Type.Object({ selector: Type.String({ minLength: 1, maxLength: 1000 }) }, closed),
    Type.Object({ robot: RobotId }, closed),
  ],
  { description: 'Whom a window is for. The most specific one that names a robot counts alone.' },
);
export type WindowScope = Static<typeof WindowScope>;

export const MaintenanceWindow = Type.Object({ name: RuleName, scope: WindowScope, ...windowProperties }, closed);
export type MaintenanceWindow = Static<typeof MaintenanceWindow>;

export type MaintenanceAnswer =
  /** `closesAt` is absent where the windows together never close, or where there is none. */
  | { readonly open: true; readonly closesAt?: Instant }
  | { readonly open: false; readonly opensAt: Instant; readonly window: string };

/** May this robot switch at `now`, and when does that change? `groups` are the saved ones. */
export function askMaintenance(
  windows: readonly MaintenanceWindow[],
  robot: Labelled,
  now: Instant,
  groups: readonly SavedGroup[] = [],
): MaintenanceAnswer {
  const counting = windowsFor(windows, robot, groups);
  if (counting.length === 0) return { open: true };
  const closesAt = closingOf(counting, now);
  if (closesAt === undefined) return { open: true };
  return closesAt > now ? { open: true, closesAt } : firstOpening(counting, now);
}

const SPECIFIC_FIRST = ['robot', 'selector', 'group', 'fleet'] as const;

/** Those of the most specific scope that names this robot. */
export function windowsFor(
  windows: readonly MaintenanceWindow[],
  robot: Labelled,
  groups: readonly SavedGroup[],
): readonly MaintenanceWindow[] {
  if (windows.length === 0) return [];
  for (const kind of SPECIFIC_FIRST) {
    const counting = windows.filter(({ scope }) => kind in scope && names(scope, robot, groups));
    if (counting.length > 0) return counting;
  }
  return [];
}

function names(scope: WindowScope, robot: Labelled, groups: readonly SavedGroup[]): boolean {
  if ('fleet' in scope) return true;
  if ('robot' in scope) return scope.robot === robot.robot;
  if ('group' in scope) return inGroup(scope.group, robot, groups);
  return matches(selectorIn(scope), labelsOf(robot));
}

/** When all of them are shut for the first time from `now` on: `now` itself where none is open, never: undefined. */
function closingOf(windows: readonly MaintenanceWindow[], now: Instant): Instant | undefined {
  let at = now;
  // Windows hand over to each other; what reaches over a whole week and a day goes on like that for ever.
  while (at - now <= 8 * DAY) {
    const answers = windows.map((window) => ask(window, at));
    const next = Math.max(...answers.map((answer) => (answer.open ? answer.closesAt : at)));
    if (next === at) return at;
    at = next;
  }
  return undefined;
}

function firstOpening(windows: readonly MaintenanceWindow[], now: Instant): MaintenanceAnswer {
  const openings = windows.flatMap((window) => {
    const answer = ask(window, now);
    return answer.open ? [] : [{ open: false, opensAt: answer.opensAt, window: window.name } as const];
  });
  return openings.reduce((first, each) => (each.opensAt < first.opensAt ? each : first));
}

/**
 * The calendar is slow and a fleet asks the same question ten thousand times: an answer holds until it changes. A few
 * are kept, because every robot asks about now and about the closing.
 */
const KEPT = 4;
interface Kept {
  readonly since: Instant;
  readonly answer: WindowAnswer;
}
const kept = new WeakMap<MaintenanceWindow, readonly Kept[]>();
function ask(window: MaintenanceWindow, now: Instant): WindowAnswer {
  const known = kept.get(window) ?? [];
  const fits = known.find(({ since, answer }) => now >= since && now < changeOf(answer));
  if (fits) return fits.answer;
  const answer = askWindow(window, now);
  kept.set(window, [{ since: now, answer }, ...known].slice(0, KEPT));
  return answer;
}

const changeOf = (answer: WindowAnswer): Instant => (answer.open ? answer.closesAt : answer.opensAt);

/** Whom a window is for, in words. */
export function sayScope(scope: WindowScope): string {
  if ('fleet' in scope) return 'the whole fleet';
  if ('group' in scope) return `the group ${scope.group}`;
  return 'robot' in scope ? scope.robot : `robots with ${scope.selector}`;
}
