/** Robots that break a promise on purpose: what they read in an assignment, and what they claim to run. */
import type { Assignment } from '@fairlead/shared/trust/assignment';
import type { World } from '../world/world.ts';
import type { slots } from './virtual-updater.ts';

/** The assignment as this robot follows it; as it is, where no mutant is at work. */
export function asMutantReads(mutant: World['mutant'], assignment: Assignment): Assignment {
  const { components } = assignment;
  if (mutant === 'ignores-orders') return { ...assignment, components: [] };
  if (mutant === 'deaf-to-holds') {
    return { ...assignment, components: components.map(({ hold: _hold, ...order }) => order) };
  }
  return assignment;
}

/** The newest release that was published, whatever the robot runs. */
export function claimedSlots({ mutant, releases }: Pick<World, 'mutant' | 'releases'>): ReturnType<typeof slots> {
  const newest = [...releases.values()].at(-1);
  if (mutant !== 'claims-newest-release' || !newest) return {};
  const { version, manifestSha256, releaseCounter } = newest;
  return { active: { version, manifestSha256, releaseCounter } };
}
