/** What a model may declare: refused here, before memory is reserved for any of it. */
import { type Finding, finding } from '../findings.ts';
import type { ModelDeclaration } from './read-declaration.ts';
import type { DeclaredValue } from './read-value-info.ts';

/** Elements of one input or output. A tester that allocates 2^31 of them hangs before the model does. */
export const MAX_ELEMENTS = 10_000_000;
/** Newest operator set that ONNX Runtime 1.30 calls official. */
const MAX_OPSET = 26;
/** The manifest's own limit. */
export const MAX_RANK = 16;
/** onnx.TensorProto.DataType: float, (u)int8-64, string, bool, float16, double. Not bfloat16, float8, complex, int4. */
const SUPPORTED = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);

/** The first thing that is wrong with the interface, or undefined. */
export function checkDeclaration(model: string, declared: ModelDeclaration): Finding | undefined {
  const opset = declared.opsets['ai.onnx'];
  if (opset !== undefined && (opset > MAX_OPSET || opset < 1)) {
    return finding('unsupported_opset', model, `It needs opset ${opset}; 1 to ${MAX_OPSET} are supported.`);
  }
  if (declared.outputs.length === 0) return finding('model_unloadable', model, 'It declares no output.');
  // A model without inputs answers the same to everything a robot sees.
  if (declared.inputs.length === 0) return finding('contract_mismatch', model, 'It declares no input to feed.');
  for (const input of declared.inputs) {
    const wrong = checkValue(model, 'input', input);
    if (wrong) return wrong;
  }
  for (const output of declared.outputs) {
    const wrong = checkValue(model, 'output', output);
    if (wrong) return wrong;
  }
  return undefined;
}

function checkValue(model: string, what: 'input' | 'output', value: DeclaredValue): Finding | undefined {
  const who = `${what} "${value.name}"`;
  // ONNX Runtime's JavaScript collects outputs in a plain object, where this name is the prototype.
  if (what === 'output' && value.name === '__proto__')
    return finding('model_unloadable', model, `Its ${who} cannot be read from JavaScript: rename the output.`);
  // A valid model with an int4 output aborts the whole process when its result is read (ONNX.md 2).
  // An output may leave its type to inference (0): ONNX Runtime tells it once loaded.
  const untyped = what === 'output' && (value.elementType ?? 0) === 0;
  if (!untyped && !SUPPORTED.has(value.elementType ?? 0)) {
    return finding('unsupported_type', model, `Its ${who} has element type ${value.elementType ?? 'none'}.`);
  }
  if (value.elements > MAX_ELEMENTS) {
    return finding('too_large', model, `Its ${who} declares ${value.elements} elements; at most ${MAX_ELEMENTS}.`);
  }
  if (value.rank > MAX_RANK)
    return finding('too_large', model, `Its ${who} has ${value.rank} dimensions; at most ${MAX_RANK}.`);
  return undefined;
}
