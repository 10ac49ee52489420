/** Protobuf's wire format, one message at a time: fields are told in order, nothing is copied. */
import protobuf from 'protobufjs/minimal.js';

export interface Field {
  readonly number: number;
  /** The whole field, its tag included: a view into the message. */
  readonly raw: Uint8Array;
  /** Of a varint; 0 otherwise. Exact up to 2^53, saturated beyond. */
  readonly value: number;
  /** Of a length-delimited field: a view into the message. */
  readonly bytes: Uint8Array | undefined;
  /** The bytes as text. Throws beyond 4 KiB: cut short, a location would name another file than ONNX Runtime opens. */
  text(): string;
}

/** Throws where the bytes are no protobuf message. */
export function eachField(message: Uint8Array, tell: (field: Field) => void): void {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0) throw new Error('a field has the number 0');
    if (wireType === 2) {
      const bytes = view(message, reader);
      tell({ number, raw: message.subarray(start, reader.pos), value: 0, bytes, text: () => readText(bytes) });
    } else if (wireType === 0) {
      const value = Number(reader.int64());
      tell({ number, raw: message.subarray(start, reader.pos), value, bytes: undefined, text: () => '' });
    } else {
      reader.skipType(wireType);
      tell({ number, raw: message.subarray(start, reader.pos), value: 0, bytes: undefined, text: () => '' });
    }
  }
}

function view(message: Uint8Array, reader: protobuf.Reader): Uint8Array {
  const length = reader.uint32();
  const from = reader.pos;
  if (from + length > reader.len) throw new Error('the file ends in the middle of a field');
  reader.pos = from + length;
  return message.subarray(from, from + length);
}

function readText(bytes: Uint8Array): string {
  if (bytes.length > 4096) throw new Error('a name is longer than 4 KiB');
  return Buffer.from(bytes).toString('utf8');
}
