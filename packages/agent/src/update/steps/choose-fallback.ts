/** What to fall back to: the release before; if that is damaged too, the least bad that is whole (DESIGN 7.5). */
import type { Refusal } from '@fairlead/shared/failure';
import type { InstalledRelease, Journal } from '@fairlead/shared/update/journal';
import type { ReleaseFolder } from '../../releases/release-folder.ts';

export interface Fallback {
  readonly release: InstalledRelease;
  /** Set where it is not the release that ran before this update, or not a whole one. */
  readonly alarm?: Refusal;
}

export async function chooseFallback(
  journal: Journal,
  current: InstalledRelease,
  folder: ReleaseFolder,
): Promise<Fallback> {
  const measured = await folder.measure(current, 'roll-back');
  if (measured.ok) return { release: current };
  const older = (await folder.committed())?.previous;
  // An unhealthy release that is whole may still stand up; a damaged one is anybody's guess.
  const others = [older, journal.candidate].filter((release) => release !== undefined);
  for (const release of others) {
    if (!(await folder.measure(release, 'roll-back')).ok) continue;
    return { release, alarm: stranded(measured.refused, `It stays on ${release.version}.`) };
  }
  return { release: current, alarm: stranded(measured.refused, `Nothing whole is left; ${current.version} runs on.`) };
}

const stranded = (damage: Refusal, instead: string): Refusal => ({
  ...damage,
  category: 'parachute_damaged',
  detail: `The previous release is damaged as well: ${damage.detail} ${instead}`.slice(0, 2000),
  retryable: true,
  hint: 'Deploy a sound release to this robot now, and check its disk.',
});
