/**
 * When a rollout certainly stood still, as the people know it: from the moment in which a pause was acknowledged to the
 * moment in which somebody first asked to go on. What crossed on the wire is nobody's certainty and is left out.
 */
import type { RolloutId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

interface Spell {
  readonly from: Instant;
  until?: Instant;
}
export interface Stops {
  /** Somebody is about to ask it to go on; call the result when that was answered. */
  go(rollout: RolloutId): () => void;
  /** Somebody is about to stop it; call the result when that was acknowledged. */
  stop(rollout: RolloutId): () => void;
  /** Whether it stood still from `from` to `until` without a break. */
  stood(rollout: RolloutId, from: Instant, until: Instant): boolean;
}

export function createStops(now: () => Instant): Stops {
  const goes = new Map<RolloutId, Spell[]>();
  const spells = new Map<RolloutId, Spell[]>();
  const of = (map: Map<RolloutId, Spell[]>, rollout: RolloutId): Spell[] => {
    const known = map.get(rollout) ?? [];
    map.set(rollout, known);
    return known;
  };
  return {
    go(rollout) {
      const going: Spell = { from: now() };
      of(goes, rollout).push(going);
      const spell = of(spells, rollout).at(-1);
      if (spell) spell.until ??= now();
      return () => {
        going.until = now();
      };
    },
    stop(rollout) {
      const sent = now();
      return () => {
        const crossed = of(goes, rollout).some(({ until }) => until === undefined || until >= sent);
        if (!crossed) of(spells, rollout).push({ from: now() });
      };
    },
    stood: (rollout, from, until) =>
      of(spells, rollout).some((spell) => spell.from < from && (spell.until === undefined || until < spell.until)),
  };
}
