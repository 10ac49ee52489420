/** Golden tensors (JSON) to ONNX Runtime's tensors and back, for every element type that can be fed and read. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { GoldenTensor } from '@fairlead/shared/release/golden';
import { TENSOR_TYPES, type TensorType } from '@fairlead/shared/release/manifest';
import { MAX_ELEMENTS } from './check-declaration.ts';
import { halfToNumber, numberToHalf } from './half.ts';
import { Tensor } from './onnx-runtime.ts';

type Element = GoldenTensor['data'][number];
/** One element as it can be compared: integers of 64 bits stay exact. */
export type Value = number | bigint | boolean | string;

const FLOAT_TYPES: ReadonlySet<string> = new Set(['float32', 'float64', 'float16']);
export const isFloat = (type: string): boolean => FLOAT_TYPES.has(type);
const isTensorType = (type: string): type is TensorType => TENSOR_TYPES.some((known) => known === type);
const [MIN64, MAX64, MAX_U64] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];

/** Turns a golden tensor into one that can be fed; the refusal says which element does not fit its type. */
export function toTensor(golden: GoldenTensor): Result<Tensor, string> {
  const { type, dims, data } = golden;
  const elements = dims.reduce((product, size) => product * size, 1);
  if (elements > MAX_ELEMENTS) return refuse(`its dims make ${elements} elements; at most ${MAX_ELEMENTS}`);
  if (elements !== data.length)
    return refuse(`its dims [${dims}] make ${elements} elements, but it has ${data.length}`);
  const values: Value[] = [];
  for (const [index, element] of data.entries()) {
    const value = readElement(type, element);
    if (value === undefined) return refuse(`element ${index} (${JSON.stringify(element)}) is no ${type}`);
    if (typeof element === 'number' && isFloat(type) && !Number.isFinite(rounded(type, element)))
      return refuse(`element ${index} (${element}) is beyond the range of ${type}`);
    values.push(value);
  }
  return accept(build(type, values, dims));
}

/** What one JSON element means in this type, or undefined where it does not fit. */
function readElement(type: TensorType, element: Element): Value | undefined {
  if (type === 'string') return typeof element === 'string' ? element : undefined;
  if (type === 'bool')
    return typeof element === 'boolean' ? element : element === 0 || element === 1 ? element === 1 : undefined;
  if (isFloat(type)) {
    if (typeof element === 'number') return element;
    return element === 'NaN' || element === 'Infinity' || element === '-Infinity' ? Number(element) : undefined;
  }
  if (typeof element === 'boolean' || !/^-?[0-9]{1,20}$/.test(String(element))) return undefined;
  if (typeof element === 'number' && !Number.isSafeInteger(element)) return undefined;
  const whole = BigInt(element);
  if (type === 'int64') return whole >= MIN64 && whole <= MAX64 ? whole : undefined;
  if (type === 'uint64') return whole >= 0n && whole <= MAX_U64 ? whole : undefined;
  const signed = type.startsWith('int');
  const bits = BigInt(type.replace(/\D/g, ''));
  const [low, high] = signed ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] : [0n, 2n ** bits - 1n];
  return whole >= low && whole <= high ? Number(whole) : undefined;
}

/** As this type holds it: infinite where it is beyond the range. */
function rounded(type: TensorType, value: number): number {
  if (type === 'float16') return halfToNumber(numberToHalf(value));
  return type === 'float32' ? Math.fround(value) : value;
}

function build(type: TensorType, values: readonly Value[], dims: readonly number[]): Tensor {
  if (type === 'string') return new Tensor('string', values.map(String), dims);
  if (type === 'int64') return new Tensor(type, BigInt64Array.from(values, BigInt), dims);
  if (type === 'uint64') return new Tensor(type, BigUint64Array.from(values, BigInt), dims);
  const numbers = values.map(Number);
  if (type === 'bool') return new Tensor(type, Uint8Array.from(numbers), dims);
  if (type === 'float16') return new Tensor(type, Uint16Array.from(numbers, numberToHalf), dims);
  return new Tensor(type, numbers, dims);
}

/** Copies a tensor's elements out; undefined where its type cannot be read. */
export function readValues(tensor: Tensor): readonly Value[] | undefined {
  const { data, type } = tensor;
  if (!isTensorType(type)) return undefined;
  if (Array.isArray(data)) return data;
  if (type === 'float16') return Array.from(new Uint16Array(data.buffer, data.byteOffset, data.length), halfToNumber);
  if (type === 'bool') return Array.from(data, Boolean);
  return Array.from<Value>(data as ArrayLike<number | bigint>);
}

/** A tensor as golden JSON: integers of 64 bits as strings where a number would not be exact. */
export function toGolden(tensor: Tensor): GoldenTensor | undefined {
  const values = readValues(tensor);
  if (!values || !isTensorType(tensor.type)) return undefined;
  return { type: tensor.type, dims: [...tensor.dims], data: values.map(writeElement) };
}

function writeElement(value: Value): Element {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
