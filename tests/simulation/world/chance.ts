/** Chance that can be repeated: everything random in a simulation comes out of its seed, in streams of its own. */
import { pick, seededRandom, seedOf } from '@fairlead/agent/fault-campaign/disk/random';

export interface Chance {
  /** 0 to 1. */
  readonly next: () => number;
  readonly happens: (probability: number) => boolean;
  /** Evenly between the two. */
  readonly between: (least: number, most: number) => number;
  /** An integer from 0 up to `below`. */
  readonly whole: (below: number) => number;
  readonly oneOf: <T>(items: readonly [T, ...T[]]) => T;
  /** Waiting times between things that happen by themselves, `mean` on average. */
  readonly waiting: (mean: number) => number;
  readonly bytes: (count: number) => Uint8Array;
}

/** A stream for one thing: what others draw does not change what this one draws. */
export function chanceOf(seed: number, ...path: readonly (string | number)[]): Chance {
  const next = seededRandom(seedOf(seed, ...path));
  return {
    next,
    happens: (probability) => next() < probability,
    between: (least, most) => least + next() * (most - least),
    whole: (below) => pick(next, below),
    oneOf: (items) => items[pick(next, items.length)] ?? items[0],
    waiting: (mean) => -Math.log(1 - next()) * mean,
    bytes: (count) => Uint8Array.from({ length: count }, () => pick(next, 256)),
  };
}
