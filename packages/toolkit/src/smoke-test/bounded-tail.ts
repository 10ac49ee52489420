/** Keeps only the end of a stream: a command that prints for an hour must not fill the agent's memory. */
import type { Readable } from 'node:stream';

const KEPT = 4096;

/** Collects the last 4 KiB of several streams in the order they arrive; `text()` is trimmed. */
export function keepTail(streams: readonly (Readable | null)[]): { text(): string } {
  let tail = Buffer.alloc(0);
  for (const stream of streams) {
    stream?.on('data', (chunk: Buffer) => {
      const joined = Buffer.concat([tail, chunk.subarray(-KEPT)]);
      // A copy, so that the small tail does not keep the large chunk alive.
      tail = Buffer.from(joined.subarray(-KEPT));
    });
    stream?.on('error', () => undefined);
  }
  return { text: () => tail.toString('utf8').trim() };
}
