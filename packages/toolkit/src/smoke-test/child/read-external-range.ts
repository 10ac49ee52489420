/** Where one tensor's bytes lie outside the model file (TensorProto.external_data: key-value pairs). */
import { eachField } from './wire.ts';

export interface ExternalRange {
  /** As written; '' where it is missing. */
  readonly location: string;
  /** Bytes the file must have at least; Infinity where offset or length is no usable number. */
  readonly end: number;
}

export function readExternalRange(entries: readonly Uint8Array[]): ExternalRange {
  const said = new Map<string, string>();
  for (const entry of entries) {
    let key = '';
    let value = '';
    eachField(entry, (part) => {
      if (part.number === 1) key = part.text();
      if (part.number === 2) value = part.text();
    });
    // Said twice, two readers may believe different ones.
    said.set(key, said.has(key) && said.get(key) !== value ? '\0' : value);
  }
  const number = (text: string): number => (/^[0-9]{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY);
  return {
    location: said.get('location') ?? '',
    end: number(said.get('offset') ?? '0') + number(said.get('length') ?? '0'),
  };
}
