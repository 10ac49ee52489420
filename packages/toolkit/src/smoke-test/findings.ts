/**
 * Every way in which a smoke test says no, with what it means for trying again and for the person who reads
 * it. Categories are stable codes: `explain`, dashboards and tests rely on them.
 */
import type { Phase, Refusal } from '@fairlead/shared/failure';
import { type Static, Type } from 'typebox';

// biome-ignore format: the table is read by column
const HINTS = {
  // the files
  file_missing:         'Add the file to the release, or correct the path in release.yaml.',
  hash:                 'The file is not the one that was released: build or download the release again.',
  type:                 'Replace the link or special file by a regular file of the release.',
  external_data:        'Pack every file of weights inside the release, beside its model, and name it by a relative path.',
  // the model
  model_unloadable:     'Export the model again and open it with ONNX Runtime on your machine.',
  unsupported_type:     'Use float, integer (8 bits and more), bool or string tensors for inputs and outputs.',
  unsupported_opset:    'Export the model with opset 26 or older.',
  too_large:            'Keep inputs and outputs at ten million elements, and every weight in the file under 2 GiB.',
  contract_mismatch:    'The model does not fit the release it came in: build the release again from the right model.',
  model_failed:         'The model refused its own example inputs: correct the inputs or the model.',
  input_mismatch:       'Correct the inputs: each input of the model once, by its name, type and dimensions.',
  // its answers
  golden_missing:       'Make goldens with `fairlead release golden`, or state `requireGoldens: false` for this model.',
  golden_invalid:       'Correct the golden file, or make it again with `fairlead release golden` from inputs that differ.',
  golden_mismatch:      'The model is not the one the goldens were made with, or it is damaged. If it is meant, make new goldens.',
  out_of_range:         'The model leaves the range that release.yaml allows: retrain it, or correct min and max.',
  not_finite:           'The model answers NaN or infinity: check its weights and the scaling of its inputs. Where it is meant (a mask), set `nonFinite: allow` for this output.',
  not_repeatable:       'The model answers the same question differently: remove random operators from the graph.',
  // its cost
  too_slow:             'Make the model smaller, or raise p95Ms if the robot can live with the latency. Where other robots pass, deploy again when this one is less busy or cooler.',
  too_much_memory:      'Make the model smaller, or raise maxMemoryMb if the robot has the memory.',
  timed_out:            'The test never ends, or needs more time: look for loops, or raise timeoutSec. Where other robots pass, deploy again when this one is less busy or cooler.',
  crashed:              'The model takes its process down with it: never run it outside a guarded process.',
  // command tests
  command_failed:       'Read the end of its output above, and run the command by hand in the release folder.',
  // the world
  cancelled:            'Run the smoke tests again when you are ready.',
  machine_busy:         'Look at what keeps the processor of this machine busy, then deploy again. Or raise timeoutSec.',
  could_not_run:        'Check that Node and ONNX Runtime are installed for this machine, and that memory is free.',
} as const;
export type Category = keyof typeof HINTS;
/**
 * The same release on the same robot gives the same verdict, except for these: the robot was told to stop, could not
 * test, or was slow at that time (other load, heat).
 */
const RETRYABLE: ReadonlySet<Category> = new Set<Category>([
  'cancelled',
  'could_not_run',
  'machine_busy',
  'timed_out',
  'too_slow',
]);

const CATEGORIES: readonly Category[] = Object.keys(HINTS).filter((key): key is Category => key in HINTS);
/** A refusal as the child finds it; `toRefusal` completes it. */
export const Finding = Type.Object(
  {
    category: Type.Enum([...CATEGORIES]),
    element: Type.String({ maxLength: 300 }),
    detail: Type.String({ maxLength: 2000 }),
  },
  { additionalProperties: false },
);
export interface Finding extends Static<typeof Finding> {}

/** Builds a finding that fits its schema whatever a hostile model wrote into its names. */
export const finding = (category: Category, element: string, detail: string): Finding => ({
  category,
  element: printable(element, 300),
  detail: printable(detail, 2000),
});

export function toRefusal(found: Finding, phase: Phase, component?: string): Refusal {
  return {
    phase,
    ...(component === undefined ? {} : { component }),
    element: found.element,
    category: found.category,
    detail: found.detail,
    retryable: RETRYABLE.has(found.category),
    hint: HINTS[found.category],
  };
}

/** Keeps the end of a long text; terminal escapes (a model's name may hold them) become dots. */
function printable(text: string, length: number): string {
  const clean = text.replace(/\p{Cc}/gu, (control) => (control === '\n' ? control : '·')).trim();
  return clean.length <= length ? clean : `… ${clean.slice(2 - length)}`;
}
