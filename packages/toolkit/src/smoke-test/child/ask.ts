/**
 * Asks the model once, properly: every input fed, run twice, every float finite, both answers equal bit by
 * bit. One thread on one machine has no excuse for a different last bit, so no tolerance is allowed here; a
 * tolerance would let noise through that is small today.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
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
const misfit = (why: string) => refuse<FeedsRefused>({ category: 'golden_mismatch', why });

/** Turns the inputs of a case into feeds: each input once, in its type and dimensions, none unknown. */
export function toFeeds(
  { contract }: Pick<OpenModel, 'contract'>,
  inputs: Readonly<Record<string, GoldenTensor>>,
): Result<Feeds, FeedsRefused> {
  const feeds: Feeds = {};
  // ONNX Runtime ignores unknown feeds: a misspelt input would silently test something else.
  const unknown = Object.keys(inputs).find((name) => !contract.inputs.some((input) => input.name === name));
  if (unknown !== undefined) return misfit(`it feeds "${unknown}", which the model does not have`);
  for (const { name, dtype, shape } of contract.inputs) {
    const given = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (!given) return misfit(`it does not feed "${name}"`);
    if (given.type !== dtype) return misfit(`it feeds ${given.type} to "${name}", which takes ${dtype}`);
    if (!fits(given.dims, shape)) return misfit(`it feeds [${given.dims}] to "${name}", which takes [${shape}]`);
    const tensor = toTensor(given);
    if (!tensor.ok) return refuse({ category: 'golden_invalid', why: `input "${name}": ${tensor.refused}` });
    feeds[name] = tensor.value;
  }
  return accept(feeds);
}

/** Whether concrete dimensions fit a declared shape; a string is any size, an empty shape may be any rank. */
export const fits = (dims: readonly number[], shape: readonly (number | string)[]): boolean =>
  shape.length === 0 ||
  (dims.length === shape.length && shape.every((size, at) => typeof size === 'string' || size === dims[at]));

/** `who` names the case in refusals. */
export async function ask(
  { session, contract }: OpenModel,
  who: string,
  feeds: Feeds,
): Promise<Result<Answer, Finding>> {
  const first = await run(session, contract.path, who, feeds);
  if (!first.ok) return first;
  const second = await run(session, contract.path, who, feeds);
  if (!second.ok) return second;
  for (const [name, values] of Object.entries(first.value.values)) {
    const odd = isFloat(first.value.tensors[name]?.type ?? '')
      ? values.findIndex((value) => !Number.isFinite(value))
      : -1;
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
    const values: Record<string, readonly Value[]> = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      // A dynamic output may be larger than anything that was declared.
      if (tensor.size > MAX_ELEMENTS)
        return refuse(finding('too_large', model, `${who}: output "${name}" has ${tensor.size} elements.`));
      const read = readValues(tensor);
      if (!read) return refuse(finding('unsupported_type', model, `Output "${name}" is of type ${tensor.type}.`));
      values[name] = read;
    }
    return accept({ tensors, values });
  } catch (error) {
    return refuse(explainError('model_failed', model, error, { who }));
  }
}

/** Sequences and maps were refused with the contract; this tells the compiler. */
const tensorsOnly = (answer: InferenceSession.ReturnType): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => (value instanceof Tensor ? [[name, value]] : [])),
  );
