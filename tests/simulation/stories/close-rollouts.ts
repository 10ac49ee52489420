/**
 * The person who stays at the end: handles every few minutes each rollout that waits for a person, whatever
 * began it: lets it go on once, and aborts it when it stops again.
 */
import type { RolloutId } from '@fairlead/shared/ids';
import type { RolloutState } from '@fairlead/shared/rollout/states';
import { MINUTE } from '@fairlead/shared/time';
import type { Person } from '../world/people.ts';
import type { OperatorContext } from './operator-context.ts';
import { commandRollout, type Verb } from './rollout-commands.ts';

const ROUND = 5 * MINUTE;
/** That long before the end nothing is let go on any more: there would be no time for it. */
const CLOSING = 20 * MINUTE;
const OPEN: readonly RolloutState[] = ['awaiting-approval', 'running', 'paused', 'halted'];

export async function closeRollouts(context: OperatorContext, person: Person): Promise<void> {
  const { agenda, endsAt } = context.stage.world;
  const helped = new Set<RolloutId>();
  for (;;) {
    await agenda.sleep(ROUND);
    const isClosing = agenda.now() > endsAt - CLOSING;
    for (const state of OPEN) {
      const { items } = await person.must((api) => api.listRollouts({ query: { state, limit: 200 } }));
      for (const { rollout, blocked } of items) {
        const verb = wayOn(state, blocked?.why.category);
        if (verb === undefined) continue;
        const proceeds = !isClosing && !helped.has(rollout) && (await commandRollout(context, person, verb, rollout));
        helped.add(rollout);
        if (!proceeds) await commandRollout(context, person, 'abort', rollout);
      }
    }
  }
}

/** What lets it go on; undefined where it goes on by itself. */
function wayOn(state: RolloutState, category: string | undefined): Verb | undefined {
  if (state === 'awaiting-approval') return 'approve';
  if (state === 'paused' || state === 'halted') return 'resume';
  if (category === 'awaits_switch') return 'switch';
  return category === 'manual_gate' ? 'promote' : undefined;
}
