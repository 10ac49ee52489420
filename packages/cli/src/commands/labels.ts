import type { Labels } from '@fairlead/shared/fleet/robot-facts';
import { CliError, EXIT } from '../cli-error.ts';

/** `key=value` sets, `key-` removes, as in kubectl. The rest stays. */
export function changedLabels(before: Labels, changes: readonly string[]): Labels {
  const labels = { ...before };
  for (const change of changes) {
    const set = /^([^=]+)=(.*)$/.exec(change);
    const remove = /^([^=]+)-$/.exec(change);
    if (set?.[1] !== undefined) labels[set[1]] = set[2] ?? '';
    else if (remove?.[1] !== undefined) delete labels[remove[1]];
    else throw new CliError(`${change} is no label.`, { hint: 'key=value sets, key- removes.', exitCode: EXIT.usage });
  }
  return labels;
}
