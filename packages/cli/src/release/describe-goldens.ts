/** What the goldens prove, in sentences for their author. */
import type { GoldenAssessment } from '@fairlead/toolkit/smoke-test/assess-goldens';

/** Weak goldens as warnings, one sentence each. */
export const goldenWarnings = (assessments: readonly GoldenAssessment[]): string[] =>
  assessments.flatMap(({ model, weaknesses, mutants }) => {
    const { tried, missed } = mutants;
    const blind = tried > 0 && missed.length === tried ? [`They notice none of ${tried} wrong models.`] : [];
    return [...weaknesses.map(({ detail }) => detail), ...blind].map((detail) => `goldens of ${model}: ${detail}`);
  });

const SHOWN = 5;

/** `The goldens of policy.onnx notice 14 of 15 wrong models …`, with those that they do not notice. */
export function describeMutants({ model, mutants, incomplete }: GoldenAssessment): readonly string[] {
  const { tried, missed } = mutants;
  const lines: string[] = [];
  if (tried > 0) {
    const noticed = tried - missed.length;
    const kinds = 'weights of a layer zeroed, two outputs swapped, a sign flipped';
    lines.push(`The goldens of ${model} notice ${noticed} of ${tried} wrong models (${kinds}).`);
    const more = missed.length - SHOWN;
    const names = [...missed.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])];
    if (missed.length > 0) lines.push(`Not noticed: ${names.join('; ')}.`);
  }
  if (incomplete !== undefined) lines.push(`Not all wrong models of ${model} could be tried: ${incomplete}`);
  return lines;
}
