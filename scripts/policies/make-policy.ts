/**
 * Makes a small, real policy: a multilayer perceptron from observations to joint targets, written as ONNX by
 * ourselves and evaluated in float64 for its goldens, so that they are no echo of ONNX Runtime. The demo's
 * releases and the tests' models come from here; the same seed gives the same bytes.
 */
import type { GoldenFile, GoldenInputs } from '@fairlead/shared/release/golden';
import { externalTensor, intAttribute, model, node, tensor, value } from './onnx-writer.ts';

export interface PolicyOptions {
  readonly seed: number;
  /** Multiplies the last layer: a retrained policy answers differently. Default 1. */
  readonly scale?: number;
  /** One weight becomes NaN: the model still loads and runs, and every answer is NaN. */
  readonly poison?: 'nan';
  /** Keeps the first layer's weights in a file of this name beside the model. */
  readonly externalData?: string;
}
export interface Policy {
  readonly model: Uint8Array;
  /** Content of the file named by `externalData`; empty without it. */
  readonly weights: Uint8Array;
  readonly goldens: GoldenFile;
  readonly inputs: GoldenInputs;
}
interface Layer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

const SIZES = [24, 64, 64, 8];
const CASES = ['standing still', 'walking', 'turning', 'pushed'];

/** Input `obs` float32[1,24], output `actions` float32[1,8] in -1 to 1. */
export function makePolicy({ seed, scale = 1, poison, externalData }: PolicyOptions): Policy {
  const random = generator(seed);
  const layers = SIZES.slice(1).map((out, at) => makeLayer(random, SIZES[at] ?? 0, out, at === 2 ? scale : 1));
  const cases = CASES.map((name, at) => ({ case: name, data: observe(random, at) }));
  const goldens = cases.map(({ case: name, data }) => ({
    case: name,
    inputs: observation(data),
    outputs: actions(evaluate(layers, data)),
  }));
  // Poisoned after the goldens: they say what the policy was trained to do.
  if (poison === 'nan' && layers[0]) layers[0].weights[7] = Number.NaN;
  const first = layers[0]?.weights ?? new Float32Array();
  return {
    model: write(layers, externalData),
    weights: externalData === undefined ? new Uint8Array() : new Uint8Array(first.buffer),
    goldens: { cases: goldens },
    inputs: { cases: goldens.map(({ case: name, inputs }) => ({ case: name, inputs })) },
  };
}

const tensorOf = (data: readonly number[]) => ({ type: 'float32' as const, dims: [1, data.length], data: [...data] });
const observation = (data: readonly number[]) => ({ obs: tensorOf(data) });
const actions = (data: readonly number[]) => ({ actions: tensorOf(data) });

/** The first case is not all zeros: zeros would hide every weight of the first layer. */
const observe = (random: () => number, at: number): number[] =>
  Array.from({ length: SIZES[0] ?? 0 }, () => Math.fround((random() * 2 - 1) * (0.5 + at / 2)));

function makeLayer(random: () => number, from: number, to: number, scale: number): Layer {
  const spread = (2 * scale) / Math.sqrt(from);
  return {
    weights: Float32Array.from({ length: from * to }, () => (random() * 2 - 1) * spread),
    bias: Float32Array.from({ length: to }, () => (random() * 2 - 1) * 0.1),
  };
}

/** y = tanh(W3 elu(W2 elu(W1 x))), in float64 with the float32 weights that are written. */
function evaluate(layers: readonly Layer[], input: readonly number[]): number[] {
  return layers.reduce<number[]>(
    (values, { weights, bias }, at) =>
      Array.from(bias, (start, row) => {
        const sum = values.reduce(
          (total, x, column) => total + x * (weights[row * values.length + column] ?? 0),
          start,
        );
        return at === layers.length - 1 ? Math.tanh(sum) : sum > 0 ? sum : Math.expm1(sum);
      }),
    [...input],
  );
}

function write(layers: readonly Layer[], externalData: string | undefined): Uint8Array {
  const weights = layers.flatMap((layer, at) => {
    const dims = [SIZES[at + 1] ?? 0, SIZES[at] ?? 0];
    const outside = at === 0 && externalData !== undefined;
    const where = { location: externalData ?? '', offset: 0, length: layer.weights.byteLength };
    return [
      outside ? externalTensor(`w${at}`, dims, where) : tensor(`w${at}`, dims, layer.weights),
      tensor(`b${at}`, [SIZES[at + 1] ?? 0], layer.bias),
    ];
  });
  const nodes = layers.flatMap((_, at) => {
    const from = at === 0 ? 'obs' : `h${at - 1}`;
    const last = at === layers.length - 1;
    return [
      node('Gemm', [from, `w${at}`, `b${at}`], [`g${at}`], [intAttribute('transB', 1)]),
      node(last ? 'Tanh' : 'Elu', [`g${at}`], [last ? 'actions' : `h${at}`]),
    ];
  });
  return model({
    nodes,
    weights,
    inputs: [value('obs', [1, SIZES[0] ?? 0])],
    outputs: [value('actions', [1, SIZES.at(-1) ?? 0])],
  });
}

/** mulberry32: the same numbers on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
