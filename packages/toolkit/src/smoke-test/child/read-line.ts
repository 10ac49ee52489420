/** Lines from the parent, read synchronously: this process has nothing else to do until they come. */
import { readSync } from 'node:fs';

const CHUNK = 2 ** 20;
let rest: Buffer = Buffer.alloc(0);

/** The next line of stdin without its end; what is left where the parent closes it. */
export function readLine(): string {
  const parts: Buffer[] = [];
  for (let chunk: Buffer = rest; ; chunk = readChunk()) {
    const end = chunk.indexOf(10);
    parts.push(end < 0 ? chunk : chunk.subarray(0, end));
    rest = end < 0 ? Buffer.alloc(0) : chunk.subarray(end + 1);
    if (end >= 0 || (chunk.length === 0 && parts.length > 1)) return Buffer.concat(parts).toString('utf8');
  }
}

function readChunk(): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK);
  return chunk.subarray(0, readSync(0, chunk));
}
