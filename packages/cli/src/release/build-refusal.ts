/** How a build says no. */
import type { Refusal } from '@fairlead/shared/failure';
import { sayYamlMistake, type YamlMistake } from '@fairlead/toolkit/yaml-file';
import { CliError, EXIT, refusedError } from '../cli-error.ts';

/**
 * Either what is wrong with release.yaml, all at once, or the first thing that is wrong with the content, or the warnings
 * that a strict build does not accept.
 */
export type BuildRefusal =
  | { readonly mistakes: readonly YamlMistake[] }
  | { readonly refusal: Refusal }
  | { readonly warnings: readonly string[] };

export function buildError(refused: BuildRefusal, folder: string): CliError {
  if ('refusal' in refused) return refusedError(refused.refusal);
  if ('warnings' in refused) {
    return new CliError('There are warnings, and --strict accepts none:', {
      mistakes: refused.warnings,
      where: folder,
      hint: 'Improve the goldens (docs/policy-engineer.md, section 2), or build without --strict.',
      exitCode: EXIT.refused,
    });
  }
  const { length } = refused.mistakes;
  return new CliError(`release.yaml has ${length === 1 ? 'a mistake' : `${length} mistakes`}:`, {
    mistakes: refused.mistakes.toSorted((a, b) => a.line - b.line).map(sayYamlMistake),
    where: folder,
    hint: 'Every key is described in docs/api/release.schema.json.',
    exitCode: EXIT.refused,
  });
}
