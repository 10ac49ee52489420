/** Chance that can be repeated: the same seed, the same campaign. */

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed for one thing out of the seed of all of them, so that each can be repeated alone. */
export function seedOf(seed: number, ...path: readonly (string | number)[]): number {
  let hash = seed >>> 0;
  for (const character of path.join('/')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

/** An integer from 0 up to `below`. */
export const pick = (random: () => number, below: number): number => Math.floor(random() * below);
