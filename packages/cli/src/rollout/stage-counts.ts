/** A stage in numbers that a person compares at a glance, and the same as a bar. */
import type { rolloutApi } from '@fairlead/shared/api/rollout-api';
import type { ReplyOf } from '@fairlead/shared/api/route';
import { NO_TALLY, outcomesOf } from '@fairlead/shared/rollout/tally';

export type RolloutView = ReplyOf<typeof rolloutApi.showRollout>;
export type StageView = RolloutView['stages'][number];

export interface StageCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** Downloading, testing, switching or on probation. */
  readonly atWork: number;
  /** Without an order, or with one that has not been fetched, or tested and without the grant. */
  readonly waiting: number;
  /** Cancelled, or never heard: counted neither for nor against the release. */
  readonly withdrawn: number;
}

export function countStage({ counts: { states, ready, silent, unplaced } }: Pick<StageView, 'counts'>): StageCounts {
  const { succeeded, failed, open, neutral } = outcomesOf({ ...NO_TALLY, states, silent });
  const idle = ready + (states.pending ?? 0);
  return { succeeded, failed, atWork: Math.max(0, open - idle), waiting: unplaced + idle, withdrawn: neutral };
}

const MARKS = [
  ['succeeded', '█'],
  ['failed', 'x'],
  ['atWork', '▓'],
  ['waiting', '░'],
  ['withdrawn', '-'],
] as const;

/** What the marks of a bar mean; said once below the table. */
export const LEGEND = '█ succeeded  x failed  ▓ at work  ░ waiting  - withdrawn';

/** `width` characters; a single failure among thousands is still one character. */
export function stageBar(counts: StageCounts, width: number): string {
  const total = MARKS.reduce((sum, [kind]) => sum + counts[kind], 0);
  if (total === 0) return ' '.repeat(width);
  const lengths = MARKS.map(([kind]) =>
    counts[kind] === 0 ? 0 : Math.max(1, Math.round((counts[kind] / total) * width)),
  );
  // What rounding gave or took is taken from, or given to, the longest.
  const longest = lengths.indexOf(Math.max(...lengths));
  const off = width - lengths.reduce((sum, length) => sum + length, 0);
  return MARKS.map(([, mark], index) =>
    mark.repeat(Math.max(0, (lengths[index] ?? 0) + (index === longest ? off : 0))),
  ).join('');
}

export const sayCounts = ({ succeeded, failed, atWork, waiting, withdrawn }: StageCounts): string =>
  [
    `${succeeded} succeeded`,
    `${failed} failed`,
    `${atWork} at work`,
    `${waiting} waiting`,
    ...(withdrawn > 0 ? [`${withdrawn} withdrawn`] : []),
  ].join(', ');

/** "10%", "5" (robots) or the selector. */
export function sayReach({ stage: { upTo } }: Pick<StageView, 'stage'>): string {
  if ('percent' in upTo) return `${upTo.percent}%`;
  return 'count' in upTo ? String(upTo.count) : upTo.selector;
}
