/** Rollouts by their id, or simply the newest: nobody likes to copy an id. */
import { RolloutId } from '@fairlead/shared/ids';
import { existing } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

export type RolloutWord = RolloutId | 'latest';

const byId = existing(RolloutId, 'fairlead rollout list');
export const rolloutArgument = (text: string): RolloutWord => (text === 'latest' ? text : byId(text));

export async function findRollout(context: CliContext, word: RolloutWord): Promise<RolloutId> {
  if (word !== 'latest') return word;
  const { items } = await context.client().operator.listRollouts({ query: { limit: 1 } });
  const newest = items[0];
  if (newest) return newest.rollout;
  throw new CliError('There is no rollout yet.', {
    hint: 'fairlead deploy --release COMPONENT@VERSION --staged begins one.',
    exitCode: EXIT.refused,
  });
}
