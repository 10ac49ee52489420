/** The robots that a gate counted as failures, by name: the first question about a stage that failed. */
import type { Refusal } from '@fairlead/shared/failure';
import type { RobotId } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { FAILED_STATES } from '@fairlead/shared/rollout/tally';
import type { Deployment } from '../store/deployments.ts';
import type { Slices } from '../store/store.ts';

const NAMED = 5;
const PAGE = 100;

/** The same refusal with the names of the failed robots of these stages at its end, as far as they are few. */
export async function nameFailures(
  slices: Slices,
  { rollout }: Rollout,
  of: readonly number[],
  why: Refusal,
): Promise<Refusal> {
  const named: string[] = [];
  for (const stage of of) {
    for (const state of FAILED_STATES) {
      if (named.length <= NAMED) named.push(...(await failedRobots(slices, rollout, { stage, state })));
    }
  }
  if (named.length === 0) return why;
  const names = named.slice(0, NAMED).join(', ') + (named.length > NAMED ? ', …' : '');
  const tallies = await slices.rollouts.tallies(rollout);
  const accepted = of.reduce((sum, stage) => sum + (tallies.get(stage)?.accepted ?? 0), 0);
  return { ...why, detail: `${why.detail.replace(/\.$/, '')}: ${names}${describeAccepted(accepted)}.` };
}

/** The first of those that the gate counts: neither accepted by a person, nor timed out without a grant. */
async function failedRobots(
  { rollouts }: Slices,
  rollout: Rollout['rollout'],
  { stage, state }: { readonly stage: number; readonly state: Deployment['state'] },
): Promise<string[]> {
  const named: string[] = [];
  for (let after: RobotId | undefined; named.length <= NAMED; ) {
    const page = await rollouts.members(rollout, { stage, state }, { after, limit: PAGE });
    for (const { robot, deployed } of page) {
      const { grantedAt, failureAccepted } = deployed?.part ?? {};
      if (failureAccepted || (state === 'timed-out' && grantedAt === undefined)) continue;
      named.push(`${robot} (${state})`);
    }
    after = page.at(-1)?.robot;
    if (page.length < PAGE) break;
  }
  return named;
}

function describeAccepted(count: number): string {
  if (count === 0) return '';
  return count === 1
    ? '; the failure of 1 robot was accepted before'
    : `; the failures of ${count} robots were accepted before`;
}
