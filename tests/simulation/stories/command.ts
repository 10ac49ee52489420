/** One person's word to one rollout; who stops it and who lets it go on is kept for those who watch. */
import type { RolloutId } from '@fairlead/shared/ids';
import { hasEnded } from '@fairlead/shared/rollout/states';
import type { RolloutWatch } from '../invariants/rollout-watch.ts';
import type { Stage } from '../stage.ts';
import type { Person } from '../world/people.ts';
import { sayTarget } from './shapes.ts';

export const COMMANDS = ['pause', 'resume', 'resume', 'promote', 'abort', 'retry', 'switch', 'switch'] as const;
export type Command = (typeof COMMANDS)[number];

/** Answers whether it was done. */
export async function command(
  stage: Stage,
  { name, ...person }: Person,
  { stops }: Pick<RolloutWatch, 'stops'>,
  verb: Command,
  rollout: RolloutId,
): Promise<boolean> {
  const call = { params: { rollout }, body: {} };
  const shown = await person.must((api) => api.showRollout({ params: { rollout } }));
  if (hasEnded(shown.state) && verb !== 'retry') return false;
  if (verb === 'resume' && shown.state === 'running') return false;
  const isStop = verb === 'pause' || verb === 'abort';
  const answered = isStop ? stops.stop(rollout) : stops.go(rollout);
  const answer = await person.try((api, options) => {
    switch (verb) {
      case 'pause':
        return api.pauseRollout(call, options);
      case 'resume':
        return api.resumeRollout(call, options);
      case 'promote':
        return api.promoteRollout(call, options);
      case 'abort':
        return api.abortRollout(call, options);
      case 'retry':
        return api.retryRollout(call, options);
      case 'switch':
        return api.switchRollout(call, options);
    }
  });
  if (answer.ok || !isStop) answered();
  if (answer.ok)
    stage.tell(
      `${name}: ${verb} ${shown.spec.version ?? 'back'} to ${sayTarget(shown.spec.target)}: ${answer.value.state}`,
    );
  return answer.ok;
}
