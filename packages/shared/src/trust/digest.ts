/** SHA-256, the only digest of Fairlead. */
import { createHash } from 'node:crypto';
import type { Sha256 } from '../ids.ts';

/** Lower-case hex SHA-256 of some bytes, or of a text's UTF-8. */
export const sha256Hex = (bytes: Uint8Array | string): Sha256 =>
  createHash('sha256').update(bytes).digest('hex') as Sha256;
