/** Which part of a blob a Range header asks for (RFC 9110 14): one range of bytes; everything else means the whole. */
import type { Range } from './artifact-store.ts';

export type RequestedRange = Range | 'whole' | 'unsatisfiable';

/** Several ranges, other units and malformed headers are ignored, as the RFC allows; a range past the end is not. */
export function requestedRange(header: string | undefined, size: number): RequestedRange {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '');
  if (!match) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'whole';
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return 'whole';
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** `bytes=-500`: the last 500 bytes, or all where there are fewer. */
function suffix(length: number, size: number): RequestedRange {
  if (length === 0 || size === 0) return 'unsatisfiable';
  return { start: Math.max(0, size - length), end: size - 1 };
}
