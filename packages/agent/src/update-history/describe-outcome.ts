/** Outcomes as sentences, for people on the robot and for its log. */
import type { Refusal } from '@fairlead/shared/failure';
import { sayRelease } from '@fairlead/shared/ids';
import { SECOND } from '@fairlead/shared/time';
import type { EndedUpdate } from './update-history.ts';

/** `walking@2.0.0 was rejected in smoke-test: The output holds NaN. (nan)` */
export function describeOutcome(ended: EndedUpdate): string {
  const { outcome, refusal, by } = ended;
  const release = sayRelease(ended);
  if (by !== undefined) return `${release} was rolled back on the robot by ${by}${because(refusal)}`;
  switch (outcome) {
    case 'succeeded':
      return `the update to ${release} succeeded`;
    case 'skipped':
      return `${release} was running already`;
    case 'cancelled':
      return `the update to ${release} was cancelled`;
    case 'failed':
      return `the update to ${release} failed${because(refusal)}`;
    case 'rejected':
      return `${release} was rejected${because(refusal)}`;
    case 'rolled-back':
      return `${release} was rolled back${because(refusal)}`;
  }
}

const because = (refusal: Refusal | undefined): string =>
  refusal ? ` in ${refusal.phase}: ${refusal.element}: ${refusal.detail} (${refusal.category})` : '';

/** Whether a person should look at it: logged as a warning. */
export const isBad = ({ outcome, by }: EndedUpdate): boolean =>
  by === undefined && (outcome === 'failed' || outcome === 'rejected' || outcome === 'rolled-back');

export function describeDuration(ms: number): string {
  const seconds = ms / SECOND;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
