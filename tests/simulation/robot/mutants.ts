/** Robots that break a promise on purpose: what they read in an assignment, and what they claim to run. */
import type { Assignment } from '@fairlead/shared/trust/assignment';
import type { World } from '../world/world.ts';
import type { Disk } from './disk.ts';
import { slots } from './virtual-updater.ts';

/** The assignment as this robot follows it; as it is, where no mutant is at work. */
export function asMutantReads(
  { mutant, releases }: Pick<World, 'mutant' | 'releases'>,
  disk: Disk,
  assignment: Assignment,
): Assignment {
  const { components } = assignment;
  if (mutant === 'ignores-orders') return { ...assignment, components: [] };
  if (mutant === 'deaf-to-holds') {
    return { ...assignment, components: components.map(({ hold: _hold, ...order }) => order) };
  }
  if (mutant !== 'never-goes-back') return assignment;
  const counterOf = (version: string) =>
    [...releases.values()].find((release) => release.version === version)?.releaseCounter ?? 0;
  const counter = counterOf(disk.active?.version ?? '');
  return { ...assignment, components: components.filter(({ target }) => counterOf(target.version) >= counter) };
}

/** The newest release that was published, whatever the robot runs. */
export function claimedSlots({ mutant, releases }: Pick<World, 'mutant' | 'releases'>): ReturnType<typeof slots> {
  const newest = [...releases.values()].at(-1);
  if (mutant !== 'claims-newest-release' || !newest) return {};
  const { version, manifestSha256, releaseCounter } = newest;
  return { active: { version, manifestSha256, releaseCounter } };
}
