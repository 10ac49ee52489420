/**
 * What a command to a rollout depends on, as its author saw it: the content of the ETag. It changes when the state, the
 * stage or its state, the stop reason, the common switch or the number of failures changes, and not with every order that
 * the engine gives: a command is refused only for what its author would want to know.
 */
import type { Instant } from '../time.ts';
import type { Rollout } from './rollout.ts';
import { outcomesOf, type StageTally } from './tally.ts';

interface Revision {
  readonly state: string;
  /** Index of the stage. */
  readonly stage: number;
  /** `none` after the last stage. */
  readonly stageState: string;
  readonly failures: number;
  /** 0: not stopped. */
  readonly stoppedAt: Instant;
  /** 0: not switched together. */
  readonly switchingSince: Instant;
}

/** Robots of all stages that count as failures. */
export const failuresOf = (tallies: ReadonlyMap<unknown, StageTally>): number =>
  [...tallies.values()].reduce((sum, tally) => sum + outcomesOf(tally).failed, 0);

const revisionOf = (rollout: Rollout, failures: number): Revision => ({
  state: rollout.state,
  stage: rollout.stage,
  stageState: rollout.stages[rollout.stage]?.state ?? 'none',
  failures,
  stoppedAt: rollout.stopped?.at ?? 0,
  switchingSince: rollout.switchingSince ?? 0,
});

/** Visible ASCII without quotes, to be sent as `If-Match: "..."`. */
export function formatRevision(rollout: Rollout, failures: number): string {
  const { state, stage, stageState, stoppedAt, switchingSince } = revisionOf(rollout, failures);
  return [state, stage, stageState, failures, stoppedAt, switchingSince].join('.');
}

function parseRevision(text: string): Revision | undefined {
  const [state, stage, stageState, failures, stoppedAt, switchingSince, ...more] = text.split('.');
  if (state === undefined || stageState === undefined || switchingSince === undefined || more.length > 0)
    return undefined;
  const numbers = [stage, failures, stoppedAt, switchingSince].map(Number);
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  const [at = 0, failed = 0, stopped = 0, switching = 0] = numbers;
  return { state, stage: at, stageState, failures: failed, stoppedAt: stopped, switchingSince: switching };
}

/** What has changed since `seen`, one clause each; empty where the command still means what its author saw. */
export function changesSince(seen: string, rollout: Rollout, failures: number): readonly string[] {
  if (seen === formatRevision(rollout, failures)) return [];
  const before = parseRevision(seen);
  if (!before) return ['its revision is unknown'];
  const now = revisionOf(rollout, failures);
  const nameOf = (index: number) =>
    rollout.spec.stages[index]?.name ?? (rollout.spec.stages[index] ? `${index + 1}` : 'none');
  const changes: string[] = [];
  const add = (isChanged: boolean, what: string) => void (isChanged && changes.push(what));
  add(before.state !== now.state, `its state was ${before.state} and is ${now.state}`);
  add(before.stage !== now.stage, `its stage was ${nameOf(before.stage)} and is ${nameOf(now.stage)}`);
  const isSameStage = before.stage === now.stage;
  add(
    isSameStage && before.stageState !== now.stageState,
    `its stage was ${before.stageState} and is ${now.stageState}`,
  );
  add(before.failures !== now.failures, `${before.failures} robots had failed and ${now.failures} have failed now`);
  add(before.switchingSince !== now.switchingSince, 'its robots were allowed to switch together');
  add(before.stoppedAt !== now.stoppedAt && before.state === now.state, 'it was stopped again, for another reason');
  return changes.length > 0 ? changes : ['its revision is unknown'];
}
