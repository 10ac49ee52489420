/**
 * Who stays when the others have gone home: looks every few minutes at what stands still until somebody says what to do,
 * whoever or whatever began it, lets it go on once, and ends it when it stands still again.
 */
import type { RolloutId } from '@fairlead/shared/ids';
import type { RolloutState } from '@fairlead/shared/rollout/states';
import { MINUTE } from '@fairlead/shared/time';
import type { RolloutWatch } from '../invariants/rollout-watch.ts';
import type { Stage } from '../stage.ts';
import type { Person } from '../world/people.ts';
import { type Command, command } from './command.ts';

const ROUND = 5 * MINUTE;
/** That long before the end nothing is let go on any more: there would be no time for it. */
const CLOSING = 20 * MINUTE;
const OPEN: readonly RolloutState[] = ['running', 'paused', 'halted'];

export async function watchTheNight(stage: Stage, person: Person, watch: RolloutWatch): Promise<void> {
  const { agenda, endsAt } = stage.world;
  const helped = new Set<RolloutId>();
  for (;;) {
    await agenda.sleep(ROUND);
    const isClosing = agenda.now() > endsAt - CLOSING;
    for (const state of OPEN) {
      const { items } = await person.must((api) => api.listRollouts({ query: { state, limit: 200 } }));
      for (const { rollout, blocked } of items) {
        const verb = wayOn(state, blocked?.why.category);
        if (verb === undefined) continue;
        const goesOn = !isClosing && !helped.has(rollout) && (await command(stage, person, watch, verb, rollout));
        helped.add(rollout);
        if (!goesOn) await command(stage, person, watch, 'abort', rollout);
      }
    }
  }
}

/** What lets it go on; undefined where it goes on by itself. */
function wayOn(state: RolloutState, category: string | undefined): Command | undefined {
  if (state === 'paused' || state === 'halted') return 'resume';
  if (category === 'awaits_switch') return 'switch';
  return category === 'manual_gate' ? 'promote' : undefined;
}
