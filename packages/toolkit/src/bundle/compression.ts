/** zstd as bundles use it. The settings are part of "same files, same bytes": changing one changes every bundle. */
import { constants, createZstdCompress, createZstdDecompress, type ZstdCompress, type ZstdDecompress } from 'node:zlib';

const MIB = 1024 * 1024;
/** 32 MiB: finds what two models of one release share, and is all the memory that unpacking takes. */
const WINDOW_LOG = 25;
/**
 * Weights are nearly noise: on them level 19 runs at 2 MB/s and gains less than 0.1 % over level 12, which
 * runs at 90. Small releases get the last percent, large ones are not worth the minutes.
 */
const levelFor = (size: number): number => (size <= 32 * MIB ? 19 : 12);

/** The zstd of `chunks`, which must be exactly `size` bytes together: one frame, however they are cut. */
export async function* compress(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer, void> {
  const zstd = createZstdCompress({
    chunkSize: MIB,
    pledgedSrcSize: size,
    params: {
      [constants.ZSTD_c_compressionLevel]: levelFor(size),
      [constants.ZSTD_c_windowLog]: WINDOW_LOG,
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
      // More threads cut the input into other blocks: the bytes would depend on the machine.
      [constants.ZSTD_c_nbWorkers]: 0,
    },
  });
  const fed = feed(zstd, chunks).catch((error: Error) => zstd.destroy(error));
  yield* zstd;
  await fed;
}

/**
 * Ends the stream only after its last chunk was taken. Node 24 ends the frame with a chunk that is still queued when
 * `end` is called, and then once more: an empty second frame that comes or not by chance of timing.
 */
async function feed(zstd: ZstdCompress, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    await new Promise<void>((done, failed) => {
      zstd.write(chunk, (error) => (error ? failed(error) : done()));
    });
  }
  zstd.end();
}

/** Refuses frames that ask for more memory than ours ever do. */
export const decompressor = (): ZstdDecompress =>
  createZstdDecompress({ chunkSize: MIB / 4, params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG } });
