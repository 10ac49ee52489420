/** Which releases of this robot are damaged, and how often they may be fetched again by themselves. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName, Sha256 } from '@fairlead/shared/ids';
import { HOUR, MINUTE } from '@fairlead/shared/time';
import type { DamagedRelease } from './heal-active.ts';

/** Per start of the agent: a disk that spoils what was just written is not written to for ever. */
const MOST_REPAIRS = 3;

export interface DamageBook {
  note(damage: DamagedRelease): void;
  /** Whether this very release is wanted once more, although its deployment has ended. */
  wants(component: ComponentName, manifestSha256: Sha256): boolean;
  /** Another attempt begins: the next one not before a while. */
  begin(component: ComponentName): void;
  /** The component runs what it should again. */
  mended(component: ComponentName): void;
  /** For whoever looks at the robot. */
  troubles(): readonly Refusal[];
}

/** `elapsed`: monotonic milliseconds. */
export function damageBook(elapsed: () => number): DamageBook {
  const damages = new Map<ComponentName, DamagedRelease & { tries: number; notBefore: number }>();
  return {
    note: (damage) => damages.set(damage.release.component, { ...damage, tries: 0, notBefore: 0 }),
    wants: (component, manifestSha256) => {
      const damage = damages.get(component);
      if (damage?.release.manifestSha256 !== manifestSha256) return false;
      return damage.tries < MOST_REPAIRS && elapsed() >= damage.notBefore;
    },
    begin: (component) => {
      const damage = damages.get(component);
      if (!damage) return;
      damage.tries += 1;
      damage.notBefore = elapsed() + Math.min(HOUR, MINUTE * 10 ** (damage.tries - 1));
    },
    mended: (component) => void damages.delete(component),
    troubles: () => [...damages.values()].map(({ refusal }) => refusal),
  };
}
