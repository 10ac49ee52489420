/** The few messages of onnx.proto3 that a small model needs, written with protobufjs. Field numbers: onnx.proto3. */
import protobuf from 'protobufjs/minimal.js';

type Write = (writer: protobuf.Writer) => void;
/** onnx.TensorProto.DataType */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;

const message = (write: Write): Uint8Array => {
  const writer = protobuf.Writer.create();
  write(writer);
  return writer.finish();
};
const bytes =
  (field: number, value: Uint8Array): Write =>
  (writer) =>
    void writer.uint32((field << 3) | 2).bytes(value);
const text =
  (field: number, value: string): Write =>
  (writer) =>
    void writer.uint32((field << 3) | 2).string(value);
const whole =
  (field: number, value: number): Write =>
  (writer) =>
    void writer.uint32(field << 3).int64(value);
const all = (...writes: Write[]): Uint8Array =>
  message((writer) => {
    for (const write of writes) write(writer);
  });

/** A weight whose values are in the file. */
export const tensor = (name: string, dims: readonly number[], values: Float32Array | BigInt64Array): Uint8Array =>
  all(
    ...dims.map((size) => whole(1, size)),
    whole(2, values instanceof Float32Array ? FLOAT : INT64),
    text(8, name),
    bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  );

/** A weight whose values lie in another file, `length` bytes from `offset`. */
export const externalTensor = (
  name: string,
  dims: readonly number[],
  at: { readonly location: string; readonly offset: number; readonly length: number },
): Uint8Array =>
  all(
    ...dims.map((size) => whole(1, size)),
    whole(2, FLOAT),
    text(8, name),
    ...Object.entries(at).map(([key, value]) => bytes(13, all(text(1, key), text(2, String(value))))),
    whole(14, 1),
  );

/** An input or output; a string is a symbolic dimension. */
export const value = (name: string, shape: readonly (number | string)[], elementType = FLOAT): Uint8Array => {
  const dimensions = shape.map((size) => bytes(1, all(typeof size === 'number' ? whole(1, size) : text(2, size))));
  return all(text(1, name), bytes(2, all(bytes(1, all(whole(1, elementType), bytes(2, all(...dimensions)))))));
};

export const intAttribute = (name: string, value: number): Uint8Array =>
  all(text(1, name), whole(3, value), whole(20, 2));
export const intsAttribute = (name: string, values: readonly number[]): Uint8Array =>
  all(text(1, name), ...values.map((one) => whole(8, one)), whole(20, 7));
export const textAttribute = (name: string, value: string): Uint8Array =>
  all(text(1, name), text(4, value), whole(20, 3));
export const tensorAttribute = (name: string, value: Uint8Array): Uint8Array =>
  all(text(1, name), bytes(5, value), whole(20, 4));
export const graphAttribute = (name: string, value: Uint8Array): Uint8Array =>
  all(text(1, name), bytes(6, value), whole(20, 5));

export const node = (
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Uint8Array[] = [],
): Uint8Array =>
  all(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, type),
    ...attributes.map((attribute) => bytes(5, attribute)),
  );

export interface Graph {
  readonly nodes: readonly Uint8Array[];
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  readonly weights?: readonly Uint8Array[];
}
export const graph = ({ nodes, inputs, outputs, weights = [] }: Graph): Uint8Array =>
  all(
    ...nodes.map((one) => bytes(1, one)),
    text(2, 'graph'),
    ...weights.map((one) => bytes(5, one)),
    ...inputs.map((one) => bytes(11, one)),
    ...outputs.map((one) => bytes(12, one)),
  );

/** A whole model file: IR version 8. */
export const model = (main: Graph, opset = 18): Uint8Array =>
  all(whole(1, 8), text(2, 'fairlead'), bytes(7, graph(main)), bytes(8, all(text(1, ''), whole(2, opset))));
