/**
 * Asks the model once, properly: every input fed, run twice, every float finite (unless the release allows it), both
 * answers equal bit by bit. One thread on one machine has no excuse for a different last bit, so no tolerance is allowed here; a
 * tolerance would let noise through that is small today.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { formatType } from '@fairlead/shared/release/format-type';
import type { GoldenTensor } from '@fairlead/shared/release/golden';
import { type Finding, finding } from '../findings.ts';
import { MAX_ELEMENTS } from './check-declaration.ts';
import { explainError } from './explain-error.ts';
import { type InferenceSession, Tensor } from './onnx-runtime.ts';
import type { OpenModel } from './open-model.ts';
import { isFloat, readValues, toTensor, type Value } from './tensor-codec.ts';

export type Feeds = Record<string, Tensor>;
export interface Answer {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly values: Readonly<Record<string, readonly Value[]>>;
}

/** `golden_mismatch`: made for another interface; `golden_invalid`: not usable for any model. */
interface FeedsRefused {
  readonly category: 'golden_mismatch' | 'golden_invalid';
  readonly why: string;
}

/** Turns the inputs of a case into feeds: each input once, in its type and dimensions, none unknown. Lists all mistakes. */
export function toFeeds(
  { contract }: Pick<OpenModel, 'contract'>,
  inputs: Readonly<Record<string, GoldenTensor>>,
): Result<Feeds, FeedsRefused> {
  const feeds: [string, Tensor][] = [];
  // ONNX Runtime ignores unknown feeds: a misspelt input would silently test something else.
  const unknown = Object.keys(inputs).filter((name) => !contract.inputs.some((input) => input.name === name));
  const misfits = unknown.map((name) => `it feeds "${name}", which the model does not have`);
  const invalid: string[] = [];
  for (const input of contract.inputs) {
    const { name, dtype, shape } = input;
    const given = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (!given) misfits.push(`it does not feed "${name}"`);
    else if (given.type !== dtype || !fits(given.dims, shape)) {
      misfits.push(`it feeds ${given.type}[${given.dims}] to "${name}", which takes ${formatType(input)}`);
    } else {
      const tensor = toTensor(given);
      if (tensor.ok) feeds.push([name, tensor.value]);
      else invalid.push(`input "${name}": ${tensor.refused}`);
    }
  }
  if (misfits.length > 0) {
    const takes = contract.inputs.map((input) => `"${input.name}" ${formatType(input)}`).join(', ');
    return refuse({ category: 'golden_mismatch', why: `${misfits.join('; ')}. The model takes ${takes}` });
  }
  if (invalid.length > 0) return refuse({ category: 'golden_invalid', why: invalid.join('; ') });
  // Object.fromEntries: an input named `__proto__` is a member, not the prototype.
  return accept(Object.fromEntries(feeds));
}

/** Whether concrete dimensions fit a declared shape; a string is any size, an empty shape may be any rank. */
export const fits = (dims: readonly number[], shape: readonly (number | string)[]): boolean =>
  shape.length === 0 ||
  (dims.length === shape.length && shape.every((size, at) => typeof size === 'string' || size === dims[at]));

/** `who` names the case in refusals. Values that are not finite are refused, except in the outputs `nonFinite`. */
export async function ask(
  { session, contract }: OpenModel,
  who: string,
  feeds: Feeds,
  nonFinite: readonly string[] = [],
): Promise<Result<Answer, Finding>> {
  const first = await run(session, contract.path, who, feeds);
  if (!first.ok) return first;
  const second = await run(session, contract.path, who, feeds);
  if (!second.ok) return second;
  for (const [name, values] of Object.entries(first.value.values)) {
    if (nonFinite.includes(name) || !isFloat(first.value.tensors[name]?.type ?? '')) continue;
    const odd = values.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0)
      return refuse(finding('not_finite', contract.path, `${who}: output "${name}"[${odd}] is ${values[odd]}.`));
  }
  for (const [name, values] of Object.entries(first.value.values)) {
    const again = second.value.values[name] ?? [];
    const odd = values.findIndex((value, at) => !Object.is(value, again[at]));
    if (odd < 0 && again.length === values.length) continue;
    const detail = `${who}: output "${name}"[${odd}] is ${values[odd]} and then ${again[odd]} for the same input.`;
    return refuse(finding('not_repeatable', contract.path, detail));
  }
  return first;
}

async function run(
  session: InferenceSession,
  model: string,
  who: string,
  feeds: Feeds,
): Promise<Result<Answer, Finding>> {
  try {
    const tensors = tensorsOnly(await session.run(feeds));
    const values: [string, readonly Value[]][] = [];
    for (const [name, tensor] of Object.entries(tensors)) {
      // A dynamic output may be larger than anything that was declared.
      if (tensor.size > MAX_ELEMENTS)
        return refuse(finding('too_large', model, `${who}: output "${name}" has ${tensor.size} elements.`));
      const read = readValues(tensor);
      if (!read) return refuse(finding('unsupported_type', model, `Output "${name}" is of type ${tensor.type}.`));
      values.push([name, read]);
    }
    return accept({ tensors, values: Object.fromEntries(values) });
  } catch (error) {
    return refuse(explainError('model_failed', model, error, { who }));
  }
}

/** Sequences and maps were refused with the contract; this tells the compiler. */
export const tensorsOnly = (answer: InferenceSession.ReturnType): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => (value instanceof Tensor ? [[name, value]] : [])),
  );
