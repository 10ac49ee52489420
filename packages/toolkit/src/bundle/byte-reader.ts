/** Reads a stream by exact numbers of bytes, holding one chunk at a time. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes as they come; fewer where the stream ends early. */
  async *pieces(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0; ) {
      const piece = await this.#some(left);
      if (!piece) return;
      left -= piece.length;
      yield piece;
    }
  }

  /** The next `length` bytes at once, for small ones; fewer where the stream ends early. */
  async take(length: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** Whether nothing follows. */
  async atEnd(): Promise<boolean> {
    const piece = await this.#some(1);
    return piece === undefined;
  }

  /** Lets go of the source, for those who do not read to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #some(atMost: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, atMost);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }
}
