/** One declared input or output, as written in the file (ValueInfoProto). */
import { eachField } from './wire.ts';

export interface DeclaredValue {
  readonly name: string;
  /** onnx.TensorProto.DataType; undefined where it is no tensor (sequence, map, optional, sparse). */
  readonly elementType: number | undefined;
  /** Fixed dimensions only; a symbolic one counts as 1. */
  readonly elements: number;
  readonly rank: number;
}

export function readValueInfo(bytes: Uint8Array): DeclaredValue {
  let name = '';
  let elementType: number | undefined;
  let elements = 1;
  let rank = 0;
  const readShape = (shape: Uint8Array): void =>
    eachField(shape, (dimension) => {
      if (dimension.number !== 1 || !dimension.bytes) return;
      rank += 1;
      eachField(dimension.bytes, (part) => {
        // Some exporters write -1 for "any size", as ONNX Runtime reads it.
        if (part.number === 1 && part.value >= 0) elements *= part.value;
      });
    });
  const readTensorType = (type: Uint8Array): void =>
    eachField(type, (part) => {
      if (part.number === 1) elementType = part.value;
      if (part.number === 2 && part.bytes) readShape(part.bytes);
    });
  eachField(bytes, (field) => {
    if (field.number === 1) name = field.text();
    if (field.number !== 2 || !field.bytes) return;
    eachField(field.bytes, (type) => {
      if (type.number === 1 && type.bytes) readTensorType(type.bytes);
    });
  });
  return { name, elementType, elements, rank };
}
