/**
 * One shape for every "no" in Fairlead: who said it, about what, which kind it is, whether trying again can
 * help, and what a person does next. `explain`, reports, problem documents and CLI errors all carry it.
 */
import { type Static, Type } from 'typebox';
import { STEPS } from './update/step.ts';

/**
 * The beats of an update's story (docs/story-of-an-update.md), in order: first the people's, then the robot's, then what
 * follows the commit.
 */
export const PHASES = ['build', 'sign', 'publish', 'assign', 'check-in', 'decide', ...STEPS, 'monitor'] as const;
export type Phase = (typeof PHASES)[number];

export const Refusal = Type.Object(
  {
    phase: Type.Enum([...PHASES], { description: 'The beat of the story in which it was refused.' }),
    component: Type.Optional(Type.String({ maxLength: 63, description: 'The component concerned.' })),
    element: Type.String({ maxLength: 300, description: 'The file, key, check or service concerned.' }),
    category: Type.String({
      pattern: '^[a-z][a-z0-9_]{1,40}$',
      description: 'A stable code: hash, expired, golden_mismatch, disk_full …',
    }),
    detail: Type.String({ maxLength: 2000, description: 'What was found, in one sentence with its figures.' }),
    retryable: Type.Boolean({ description: 'Whether the same order can succeed later without a new release.' }),
    hint: Type.String({ maxLength: 1000, description: 'What a person does next.' }),
  },
  { additionalProperties: false },
);
export type Refusal = Static<typeof Refusal>;

/** An expected refusal is a value; an exception is a bug or a broken world (STYLE rule 7). */
export type Result<T, R = Refusal> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refused: R };

export const accept = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const refuse = <R>(refused: R): { readonly ok: false; readonly refused: R } => ({ ok: false, refused });

/** A broken world (full disk, unreadable file) with the operator's next move. Never shown with its stack. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly refusal: Refusal;
  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    super(`${refusal.detail} ${refusal.hint}`, options);
    this.refusal = refusal;
  }
}

/** One line for people: what happened, where, what next. */
export const sayRefusal = (refusal: Refusal): string =>
  `${refusal.phase}: ${refusal.element}: ${refusal.detail} (${refusal.category}) ${refusal.hint}`;
