/**
 * Mutants of a model file, in memory: the same bytes, but the weights of one layer are zero. A layer is an initializer of
 * the main graph with two or more dimensions that a node uses. Field numbers: onnx.proto3.
 */
import protobuf from 'protobufjs/minimal.js';
import { eachField } from './wire.ts';

export interface Layer {
  readonly name: string;
  /** The model's bytes with this layer's weights zeroed; also where they lie in another file. */
  readonly zeroed: () => Uint8Array;
}

/** Bytes of one element, by onnx.TensorProto.DataType: floats of 4, 2, 8 and 2 bytes, and (u)int8 of quantized models. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 10: 2, 11: 8, 16: 2 };
/** Where a tensor may hold its values: typed lists, raw_data, external_data, data_location. */
const VALUES: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 10, 11, 13, 14]);
const [MODEL_GRAPH, GRAPH_NODE, GRAPH_WEIGHT, RAW_DATA] = [7, 1, 5, 9] as const;

/** Layers in the order of the file. Weights that are zero already are left out: their mutant is the model itself. */
export function layersOf(model: Uint8Array): readonly Layer[] {
  const layers: Layer[] = [];
  eachField(model, (graph) => {
    if (graph.number !== MODEL_GRAPH || !graph.bytes) return;
    const content = graph.bytes;
    const used = inputsOfNodes(content);
    eachField(content, (field) => {
      if (field.number !== GRAPH_WEIGHT || !field.bytes) return;
      const { bytes: weights } = field;
      const { name, dims, size, isZero } = readTensor(weights);
      if (dims < 2 || size === 0 || isZero || !used.has(name)) return;
      const zeroed = (): Uint8Array =>
        replace(model, graph.raw, MODEL_GRAPH, replace(content, field.raw, GRAPH_WEIGHT, zeroTensor(weights, size)));
      layers.push({ name, zeroed });
    });
  });
  return layers;
}

function inputsOfNodes(graph: Uint8Array): ReadonlySet<string> {
  const names = new Set<string>();
  eachField(graph, ({ number, bytes: node }) => {
    if (number !== GRAPH_NODE || !node) return;
    eachField(node, (field) => {
      if (field.number === 1 && field.bytes) names.add(field.text());
    });
  });
  return names;
}

function readTensor(tensor: Uint8Array) {
  let name = '';
  let elements = 1;
  let dims = 0;
  let type = 0;
  let isZero = true;
  const dimension = (value: number): void => {
    dims += 1;
    elements *= value;
  };
  eachField(tensor, (field) => {
    if (field.number === 1 && field.bytes) eachVarint(field.bytes, dimension);
    else if (field.number === 1) dimension(field.value);
    if (field.number === 2) type = field.value;
    if (field.number === 8) name = field.text();
    // Values in another file are not read: they count as not zero.
    if (field.number === 13 || (VALUES.has(field.number) && field.bytes?.some((byte) => byte !== 0))) isZero = false;
  });
  return { name, dims, size: elements * (ELEMENT_BYTES[type] ?? 0), isZero };
}

/** Repeated numbers may be packed into one field. */
function eachVarint(packed: Uint8Array, tell: (value: number) => void): void {
  const reader = protobuf.Reader.create(packed);
  while (reader.pos < reader.len) tell(Number(reader.int64()));
}

function zeroTensor(tensor: Uint8Array, size: number): Uint8Array {
  const kept: Uint8Array[] = [];
  eachField(tensor, ({ number, raw }) => {
    if (!VALUES.has(number)) kept.push(raw);
  });
  return Buffer.concat([...kept, head(RAW_DATA, size), Buffer.alloc(size)]);
}

/** The message with one of its fields, given as a view into it, replaced. */
function replace(message: Uint8Array, field: Uint8Array, number: number, content: Uint8Array): Uint8Array {
  const start = field.byteOffset - message.byteOffset;
  const [before, after] = [message.subarray(0, start), message.subarray(start + field.length)];
  return Buffer.concat([before, head(number, content.length), content, after]);
}

/** Tag and length of a length-delimited field. */
const head = (number: number, length: number): Uint8Array =>
  protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .uint32(length)
    .finish();
