/** What the robot's application knows of the robot's situation, and posts. A fact counts only while it is fresh. */
import { SECOND } from '@fairlead/shared/time';
import { type Static, Type } from 'typebox';

export const LINKS = ['ethernet', 'wifi', 'cellular'] as const;
export const PostedFacts = Type.Object(
  {
    batteryPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    charging: Type.Optional(Type.Boolean()),
    docked: Type.Optional(Type.Boolean()),
    standingStill: Type.Optional(Type.Boolean()),
    temperatureC: Type.Optional(Type.Number({ minimum: -273.15, maximum: 1000 })),
    link: Type.Optional(Type.Enum([...LINKS], { description: 'The link to the control plane.' })),
    metered: Type.Optional(Type.Boolean({ description: 'Whether that link costs by the byte.' })),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'Any of them; each is known from the moment it comes.',
  },
);
export type PostedFacts = Static<typeof PostedFacts>;

export interface FactBoard {
  /** Returns whether something is known now that was not, or otherwise. */
  post(facts: PostedFacts): boolean;
  /** What is not older than this; all else is unknown. */
  fresh(maxAgeSec: number): PostedFacts;
}

/** `elapsed`: milliseconds that no clock setting touches. */
export function factBoard(elapsed: () => number): FactBoard {
  let known: PostedFacts = {};
  const at: Partial<Record<keyof PostedFacts, number>> = {};
  return {
    post(facts) {
      const before = JSON.stringify(known);
      known = { ...known, ...facts };
      for (const key of keysOf(facts)) at[key] = elapsed();
      return JSON.stringify(known) !== before;
    },
    fresh(maxAgeSec) {
      const fresh = { ...known };
      for (const key of keysOf(known)) {
        if (elapsed() - (at[key] ?? 0) > maxAgeSec * SECOND) delete fresh[key];
      }
      return fresh;
    },
  };
}

const keysOf = (facts: PostedFacts) => Object.keys(facts) as (keyof PostedFacts)[];
