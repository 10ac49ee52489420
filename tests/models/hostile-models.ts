/**
 * Models made to hurt whoever tests them, beyond those of the shared archive. All take `x` float32[1,4] and
 * answer `y`, so that nothing but what they do gives them away.
 */
import {
  FLOAT,
  graph,
  graphAttribute,
  INT32,
  intAttribute,
  intsAttribute,
  model,
  node,
  tensor,
  tensorAttribute,
  textAttribute,
  value,
} from '../../scripts/policies/onnx-writer.ts';

const X = value('x', [1, 4]);
const Y = value('y', [1, 4]);
const constant = (name: string, dims: readonly number[], values: readonly number[]): Uint8Array =>
  tensor(name, dims, Float32Array.from(values));
const shape = (name: string, sizes: readonly number[]): Uint8Array =>
  tensor(name, [sizes.length], BigInt64Array.from(sizes, BigInt));
const simple = (
  nodes: readonly Uint8Array[],
  weights: readonly Uint8Array[] = [],
  outputs = [Y],
  opset = 18,
): Uint8Array => model({ nodes, weights, inputs: [X], outputs }, opset);

/** y = x, converted to another element type. */
const cast = (to: number, opset: number): Uint8Array =>
  simple([node('Cast', ['x'], ['y'], [intAttribute('to', to)])], [], [value('y', [1, 4], to)], opset);

export const honest = (): Uint8Array => simple([node('Elu', ['x'], ['y'])]);
/** Valid, and yet reading its output aborts the process: "v8::ArrayBuffer::New Allocation failed". */
export const int4Output = (): Uint8Array => cast(22, 21);
export const bfloat16Output = (): Uint8Array => cast(16, 18);
export const opset27 = (): Uint8Array => simple([node('Elu', ['x'], ['y'])], [], [Y], 27);
/** NaN for every negative input, without any error. */
export const rootOfNegative = (): Uint8Array => simple([node('Sqrt', ['x'], ['y'])]);
/** The same in half precision, where NaN must be found in the bits. */
export const halfRootOfNegative = (): Uint8Array =>
  simple(
    [node('Sqrt', ['x'], ['r']), node('Cast', ['r'], ['y'], [intAttribute('to', 10)])],
    [],
    [value('y', [1, 4], 10)],
  );
/** y = 0 * x + 3: takes observations and ignores them. */
export const blind = (): Uint8Array =>
  simple(
    [node('Mul', ['x', 'zero'], ['z']), node('Add', ['z', 'three'], ['y'])],
    [constant('zero', [1], [0]), constant('three', [1], [3])],
  );
/** y = x + noise of a billionth: far inside every tolerance. */
export const whispering = (): Uint8Array =>
  simple(
    [node('RandomNormalLike', ['x'], ['n']), node('Mul', ['n', 'tiny'], ['t']), node('Add', ['x', 't'], ['y'])],
    [constant('tiny', [1], [1e-6])],
  );
/** y = x, and in about one of fifty runs one value is off by 1000. */
export const rarelyWrong = (): Uint8Array =>
  simple(
    [
      node('RandomUniformLike', ['x'], ['u']),
      node('Less', ['u', 'share'], ['rare']),
      node('Where', ['rare', 'thousand', 'zero'], ['error']),
      node('Add', ['x', 'error'], ['y']),
    ],
    [constant('share', [1], [0.005]), constant('thousand', [1], [1000]), constant('zero', [1], [0])],
  );
/** 16 GiB, asked for at run time only. */
export const hugeConstant = (): Uint8Array =>
  simple(
    [
      node('Expand', ['x', 'size'], ['big']),
      node('ReduceSum', ['big'], ['s'], [intAttribute('keepdims', 0)]),
      node('Add', ['x', 's'], ['y']),
    ],
    [shape('size', [2 ** 30, 4])],
  );
/** Doubles its own output 34 times: 16 EiB from a kilobyte. */
export const doublings = (): Uint8Array => {
  const nodes = Array.from({ length: 34 }, (_, at) =>
    node('Concat', [`d${at}`, `d${at}`], [`d${at + 1}`], [intAttribute('axis', 0)]),
  );
  return simple([
    node('Identity', ['x'], ['d0']),
    ...nodes,
    node('ReduceSum', ['d34'], ['s'], [intAttribute('keepdims', 0)]),
    node('Add', ['x', 's'], ['y']),
  ]);
};
/** Forty products of 4096 x 4096 matrices: no loop, no end. */
export const endlessArithmetic = (): Uint8Array =>
  simple(
    [
      node('ReduceSum', ['x'], ['s'], [intAttribute('keepdims', 0)]),
      node('Expand', ['s', 'size'], ['m0']),
      ...Array.from({ length: 40 }, (_, at) => node('MatMul', [`m${at}`, `m${at}`], [`m${at + 1}`])),
      node('ReduceSum', ['m40'], ['t'], [intAttribute('keepdims', 0)]),
      node('Add', ['x', 't'], ['y']),
    ],
    [shape('size', [4096, 4096])],
  );
/** A valid little file whose kernel walks out of its table: std::terminate, SIGABRT. */
export const abortingKernel = (): Uint8Array =>
  model({
    inputs: [value('x', [12], INT32)],
    outputs: [value('y', [7], FLOAT)],
    nodes: [
      node(
        'TfIdfVectorizer',
        ['x'],
        ['y'],
        [
          intAttribute('max_gram_length', 2),
          intAttribute('max_skip_count', 0),
          intAttribute('min_gram_length', 2),
          textAttribute('mode', 'TF'),
          intsAttribute('ngram_counts', [0, 4]),
          intsAttribute('ngram_indexes', [0, 1, 2, 3, 4]),
          intsAttribute('pool_int64s', [2, 3, 5, 4, 5, 6, 7, 8, 6, 7]),
        ],
      ),
    ],
  });
/** Weights in another file, named by a tensor inside the branch of an If. */
export const weightsInBranch = (weights: Uint8Array): Uint8Array => {
  const branch = graph({
    nodes: [node('Constant', [], ['c'], [tensorAttribute('value', weights)]), node('Add', ['x', 'c'], ['r'])],
    inputs: [],
    outputs: [value('r', [1, 4])],
  });
  return simple([
    node('ReduceSum', ['x'], ['s'], [intAttribute('keepdims', 0)]),
    node('Cast', ['s'], ['b'], [intAttribute('to', 9)]),
    node('If', ['b'], ['y'], [graphAttribute('then_branch', branch), graphAttribute('else_branch', branch)]),
  ]);
};
export const weightsBeside = (weights: Uint8Array): Uint8Array => simple([node('Add', ['x', 'w'], ['y'])], [weights]);
