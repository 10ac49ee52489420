/** How much any document may cost before its signature is even looked at (TRUST 4.12). */
export const LIMITS = {
  rootBytes: 64 * 1024,
  timestampBytes: 8 * 1024,
  snapshotBytes: 64 * 1024,
  /** One delegated role. tuf-js parses in O(n^2): at this size about 415 releases, 150 ms. */
  roleBytes: 128 * 1024,
  manifestBytes: 256 * 1024,
  smallTargetBytes: 64 * 1024,
  jsonDepth: 24,
  rootRotations: 256,
  /**
   * How far the number of an assignment may rise at once. Orders that a restored database has lost are far fewer. Without
   * it one answer, or one lie of a robot, takes the largest number there is, and no later order is ever newer.
   */
  seqJump: 1_000_000,
  files: 20_000,
  /** The list of files of a release that names it by digest: 20 000 files with paths of 270 characters. */
  fileListBytes: 8 * 1024 * 1024,
  /** The largest document over the slowest line that is still one. */
  metadataDeadlineMs: 120_000,
  headersDeadlineMs: 10_000,
  blobIdleMs: 30_000,
  /**
   * Below this rate (bytes per second, after the grace) a download is the slow-retrieval attack. A modem at 8 kbit/s
   * gives three times as much after its headers.
   */
  floorRate: 256,
  floorRateGraceMs: 5_000,
} as const;
