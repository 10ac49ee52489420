/** What a golden expects, as values that a model can fail on. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { GoldenCase } from '@fairlead/shared/release/golden';
import type { OnnxSmokeTest } from '@fairlead/shared/release/release-yaml';
import { type Finding, finding } from '../findings.ts';
import { isFloat, readValues, toTensor, type Value } from './tensor-codec.ts';

/** Whether the author expects NaN or infinities of this output (masked logits). */
export function allowsNonFinite({ outputs = {} }: OnnxSmokeTest, output: string): boolean {
  return Object.hasOwn(outputs, output) && outputs[output]?.nonFinite === 'allow';
}

/**
 * The values of every output that the golden names. Refused as `golden_invalid`: an element beyond the range of its type,
 * and NaN or an infinity in an output that does not allow it (a relative tolerance of infinity would accept any answer).
 */
export function expectedValues(
  test: OnnxSmokeTest,
  who: string,
  golden: GoldenCase,
): Result<ReadonlyMap<string, readonly Value[]>, Finding> {
  const expected = new Map<string, readonly Value[]>();
  for (const [name, tensor] of Object.entries(golden.outputs)) {
    const no = (detail: string) => refuse(finding('golden_invalid', test.model, `${who}: output "${name}"${detail}.`));
    const want = toTensor(tensor);
    if (!want.ok) return no(`: ${want.refused}`);
    const values = readValues(want.value) ?? [];
    const odd = isFloat(tensor.type) ? values.findIndex((value) => !Number.isFinite(value)) : -1;
    if (odd >= 0 && !allowsNonFinite(test, name)) {
      const allow = `outputs: {${name}: {nonFinite: allow}}`;
      return no(`[${odd}] is ${values[odd]}: a golden is finite unless release.yaml says ${allow}`);
    }
    expected.set(name, values);
  }
  return accept(expected);
}
