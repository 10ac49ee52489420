/** `rollout watch`: live on a terminal, a line per change elsewhere, until it ends or waits for a person. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { RolloutId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import { noteOnInterrupt } from '../note-on-interrupt.ts';
import type { Output } from '../output.ts';
import { rolloutTone } from '../tones.ts';
import { sayWhen } from './say-when.ts';
import { countStage, LEGEND, type RolloutView, sayCounts, stageBar } from './stage-counts.ts';
import { sayWhat } from './tell-rollout.ts';

export interface WatchDeps {
  readonly out: Pick<Output, 'line' | 'live' | 'done' | 'warn'>;
  readonly operator: Pick<Client<typeof operatorApi>, 'showRollout' | 'listRolloutRobots'>;
  readonly pollMs?: number;
}
const POLL_MS = 1_000;
const BAR = 24;

/** Throws where the rollout has not completed: the exit code says how it stands. */
export async function watchRollout(deps: WatchDeps, rollout: RolloutId): Promise<void> {
  const { out } = deps;
  const view = await noteOnInterrupt(goesOn(out, rollout), () => lookUntilStill(deps, rollout));
  out.done(view, () => {
    out.line(`${rollout}: ${sayWhat(view)} is ${view.state}`, rolloutTone(view.state));
    if (view.excluded === 0) return;
    out.line(`${view.excluded} left out, and why: fairlead rollout robots ${rollout} --excluded`, 'warn');
  });
  if (view.state !== 'completed') throw notCompleted(view);
}

/** What Ctrl-C prints while a rollout is watched. */
export const goesOn =
  (out: Pick<Output, 'warn'>, rollout: RolloutId): (() => void) =>
  () =>
    out.warn(`The rollout goes on by itself. Look again: fairlead rollout watch ${rollout}`);

async function lookUntilStill(
  { out, operator, pollMs = POLL_MS }: WatchDeps,
  rollout: RolloutId,
): Promise<RolloutView> {
  const live = out.live();
  let said: readonly string[] = [];
  try {
    for (;;) {
      const view = await operator.showRollout({ params: { rollout } });
      if (live) live.show(draw(view, await robotsAtWork(operator, view), Date.now()));
      else {
        const lines = sayProgress(view);
        for (const line of lines) if (!said.includes(line)) out.line(line);
        said = lines;
      }
      if (standsStill(view)) return view;
      await pause(pollMs);
    }
  } finally {
    live?.stop();
  }
}

/** Whether looking any longer is useless: it has ended, or nothing happens until a person speaks. */
export function standsStill({ state, blocked, spec }: RolloutView): boolean {
  if (hasEnded(state) || state === 'paused' || state === 'halted') return true;
  const category = blocked?.why.category;
  const isSwitchByHand = category === 'awaits_switch' && spec.switchAt === undefined;
  return category === 'needs_approval' || category === 'manual_gate' || isSwitchByHand;
}

const EXIT_OF: Partial<Record<RolloutView['state'], ExitCode>> = {
  denied: EXIT.refused,
  expired: EXIT.refused,
  'ended-without-robots': EXIT.refused,
};
/** How a command ends that waited for a rollout which has not completed. */
export const exitCodeOf = (state: RolloutView['state']): ExitCode => EXIT_OF[state] ?? EXIT.failed;

function notCompleted({ rollout, state, blocked, stopped, followedBy }: RolloutView): CliError {
  const why = blocked?.why ?? stopped?.why;
  const follower = followedBy === undefined ? undefined : `fairlead rollout watch ${followedBy}`;
  return new CliError(why?.detail ?? `This rollout is ${state}.`, {
    where: rollout,
    hint: follower ?? why?.hint ?? `fairlead rollout history ${rollout}`,
    exitCode: exitCodeOf(state),
    ...(why && { refusal: why }),
  });
}

/** One line each for the rollout, its stages that have begun, and what blocks it. */
function sayProgress(view: RolloutView): string[] {
  const { state, members, stages, blocked } = view;
  const begun = stages.filter((stage) => stage.state !== 'pending');
  const quiet = blocked === undefined || blocked.why.category === 'stage_running';
  return [
    `${sayWhat(view)} for ${members} robots: ${state}`,
    ...begun.map((stage) => `${stage.name} ${stage.state}: ${sayCounts(countStage(stage))}`),
    ...(quiet ? [] : [`${blocked.why.detail} ${blocked.why.hint}`]),
  ];
}

const AT_WORK: readonly DeploymentState[] = ['switching', 'probation', 'downloading', 'staged', 'offered'];
const FEW = 4;

/** A few names of those the fleet waits for, the most delicate first. */
async function robotsAtWork(operator: WatchDeps['operator'], { rollout, stages }: RolloutView): Promise<string[]> {
  const states = AT_WORK.filter((state) => stages.some(({ counts }) => (counts.states[state] ?? 0) > 0)).slice(0, 2);
  return await Promise.all(
    states.map(async (state) => {
      const query = { state, limit: FEW };
      const { items, next } = await operator.listRolloutRobots({ params: { rollout }, query });
      return `${state}: ${items.map(({ robot }) => robot).join(', ')}${next === undefined ? '' : ', …'}`;
    }),
  );
}

function draw(view: RolloutView, atWork: readonly string[], now: number): string[] {
  const { stages, state, blocked, members } = view;
  const width = Math.max(...stages.map(({ name }) => name.length));
  return [
    `${view.rollout}  ${sayWhat(view)} for ${members} robots: ${state}`,
    ...stages.map((stage) => {
      const counts = countStage(stage);
      const { succeeded, failed } = counts;
      const figures = stage.size === 0 ? '' : ` ${succeeded}/${stage.size}${failed > 0 ? ` ${failed} failed` : ''}`;
      return `${stage.name.padEnd(width)} ${stageBar(counts, BAR)} ${stage.state}${figures}`;
    }),
    LEGEND,
    blocked ? `blocked: ${blocked.why.detail}` : '',
    blocked?.until === undefined ? '' : `until: ${sayWhen(blocked.until, now)}`,
    ...atWork,
  ];
}
