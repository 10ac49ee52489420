/** `explain ro_…`: in one sentence what blocks a rollout, and what to do. */
import { RobotId, RolloutId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { hasEnded } from '@fairlead/shared/rollout/states';
import { existingRobot } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { findRollout, type RolloutWord } from './find-rollout.ts';
import { sayWhen } from './say-when.ts';

/** No robot's name can look like a rollout's id; `latest` is the newest rollout, as everywhere. */
export function aboutWhat(text: string): { rollout: RolloutWord; robot?: never } | { rollout?: never; robot: RobotId } {
  if (text === 'latest') return { rollout: text };
  const rollout = parse(RolloutId, text);
  return rollout.ok ? { rollout: rollout.value } : { robot: existingRobot(text) };
}

export async function explainRollout(context: CliContext, which: RolloutWord): Promise<void> {
  const { out } = context;
  const rollout = await findRollout(context, which);
  const view = await context.client().operator.showRollout({ params: { rollout } });
  const { state, blocked, stopped } = view;
  // What ended without robots still has a next step: see who was left out.
  const isOver = hasEnded(state) && state !== 'ended-without-robots';
  const going = hasEnded(state) ? `This rollout is ${state}.` : 'Nothing blocks it: the next step is being taken.';
  const sentence = blocked?.why.detail ?? stopped?.why.detail ?? going;
  const next = blocked?.why.hint ?? (isOver ? undefined : stopped?.why.hint);
  const said = {
    rollout,
    state,
    sentence,
    blocked: blocked !== undefined,
    ...(next !== undefined && { unblock: next }),
    ...(blocked?.until !== undefined && { until: blocked.until }),
  };
  out.done(said, () => {
    out.line(sentence, blocked ? 'bad' : 'good');
    if (next !== undefined) out.line(`next: ${next}`);
    if (blocked?.until !== undefined) out.line(`until: ${sayWhen(blocked.until, Date.now())}`);
  });
}
