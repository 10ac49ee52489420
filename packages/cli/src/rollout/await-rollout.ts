/** `--wait` of an order that became a rollout: its changes as lines, its end as the exit code. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RolloutId } from '@fairlead/shared/ids';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { noteOnInterrupt } from '../note-on-interrupt.ts';
import { sayDuration } from './durations.ts';
import { exitCodeOf, goesOn, standsStill } from './watch-rollout.ts';

const POLL_MS = 1000;

/**
 * `timeoutSec`: how long at most; without it until the end.
 * @throws CliError where it stands still for a person, ended before all its stages passed, or the time was over.
 */
export async function awaitRollout(
  context: CliContext,
  rollout: RolloutId,
  timeoutSec = Number.POSITIVE_INFINITY,
): Promise<void> {
  await noteOnInterrupt(goesOn(context.out, rollout), () => waitFor(context, rollout, timeoutSec));
}

async function waitFor({ out, client }: CliContext, rollout: RolloutId, timeoutSec: number): Promise<void> {
  const { operator } = client();
  const end = performance.now() + timeoutSec * 1000;
  for (let said = ''; ; await pause(POLL_MS)) {
    const view = await operator.showRollout({ params: { rollout } });
    const { state, blocked, stopped, stages, stage } = view;
    const name = stages[stage]?.name;
    const line = `${rollout}: ${state}${name === undefined ? '' : `, stage ${name}`}${blocked ? `: ${blocked.why.detail}` : ''}`;
    if (line !== said) out.line(line);
    said = line;
    if (state === 'completed') return;
    if (!standsStill(view)) {
      if (performance.now() < end) continue;
      throw new CliError(`The rollout is still ${state} after ${sayDuration(timeoutSec)}.`, {
        ...(blocked && { where: blocked.why.detail }),
        hint: blocked?.why.hint ?? `fairlead rollout watch ${rollout}`,
        exitCode: EXIT.waiting,
      });
    }
    const why = blocked?.why ?? stopped?.why;
    throw new CliError(state === 'running' ? 'The rollout waits for a person.' : `The rollout is ${state}.`, {
      ...(why && { where: why.detail }),
      hint: why?.hint ?? `fairlead rollout show ${rollout}`,
      exitCode: exitCodeOf(state),
    });
  }
}
