/** The robots that a gate counted as failures, by name: the first question about a stage that failed. */
import type { Refusal } from '@fairlead/shared/failure';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { FAILED_STATES } from '@fairlead/shared/rollout/tally';
import type { Slices } from '../store/store.ts';

const NAMED = 5;

/** The same refusal with the names of the failed robots of these stages at its end, as far as they are few. */
export async function nameFailures(
  { rollouts }: Slices,
  { rollout, stages }: Rollout,
  of: readonly number[],
  why: Refusal,
): Promise<Refusal> {
  const named: string[] = [];
  for (const stage of of) {
    for (const state of FAILED_STATES) {
      const page = await rollouts.members(rollout, { stage, state }, { limit: NAMED + 1 });
      // One that timed out without a grant has tried nothing: the gate does not count it.
      const counted = page.filter(({ deployed }) => state !== 'timed-out' || deployed?.part?.grantedAt !== undefined);
      named.push(...counted.map(({ robot }) => `${robot} (${state})`));
    }
  }
  if (named.length === 0) return why;
  const names = named.slice(0, NAMED).join(', ') + (named.length > NAMED ? ', …' : '');
  const forgiven = of.reduce((sum, stage) => sum + (stages[stage]?.forgiven ?? 0), 0);
  const accepted = forgiven === 0 ? '' : `; ${forgiven} of these failures were accepted before`;
  return { ...why, detail: `${why.detail.replace(/\.$/, '')}: ${names}${accepted}.` };
}
