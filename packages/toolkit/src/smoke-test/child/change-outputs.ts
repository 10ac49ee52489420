/**
 * Mutants of a model that differ in their answers only: two values of an output swapped (joints in another order), or the
 * sign of one flipped (a joint that turns the other way). Such a model answers what the real one answers, changed; so the
 * change is applied to the answer.
 */
import type { Tensor } from 'onnxruntime-node';
import type { Value } from './tensor-codec.ts';

export interface OutputChange {
  readonly output: string;
  /** For people: `values 0 and 1 of output "actions" swapped`. */
  readonly name: string;
  /** The changed values of one answer. */
  readonly apply: (values: readonly Value[]) => readonly Value[];
}

/** Swaps, and flips, of one output: more would say the same of a wide output. */
const PER_OUTPUT = 6;

/** Changes along the last dimension of every output that holds numbers. */
export function outputChanges(tensors: Readonly<Record<string, Tensor>>): readonly OutputChange[] {
  return Object.entries(tensors).flatMap(([output, { dims, type }]) => {
    const width = dims.at(-1) ?? 1;
    if (width === 0 || type === 'string' || type === 'bool') return [];
    const swaps = spread(width - 1, PER_OUTPUT).map(
      (at): OutputChange => ({
        output,
        name: `values ${at} and ${at + 1} of output "${output}" swapped`,
        apply: (values) => values.map((value, index) => values[swapped(index, width, at)] ?? value),
      }),
    );
    if (type.startsWith('uint')) return swaps;
    const flips = spread(width, PER_OUTPUT).map(
      (at): OutputChange => ({
        output,
        name: `sign of value ${at} of output "${output}" flipped`,
        apply: (values) => values.map((value, index) => (index % width === at ? negative(value) : value)),
      }),
    );
    return [...swaps, ...flips];
  });
}

/** At most `most` of the numbers from 0 to `count` - 1, evenly spread. */
export const spread = (count: number, most: number): readonly number[] => {
  const length = Math.max(0, Math.min(count, most));
  return Array.from({ length }, (_, at) => Math.floor((at * count) / length));
};

function swapped(index: number, width: number, at: number): number {
  const column = index % width;
  if (column === at) return index + 1;
  return column === at + 1 ? index - 1 : index;
}

const negative = (value: Value): Value => (typeof value === 'number' || typeof value === 'bigint' ? -value : value);
