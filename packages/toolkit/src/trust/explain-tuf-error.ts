/** tuf-js and its models throw classes with sentences; robots report codes (TRUST.md section 6). */

import { LengthOrHashMismatchError, UnsignedMetadataError } from '@tufjs/models/dist/error.js';
import { BadVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';
import type { TrustCode, TrustRefusal } from './trust-store.ts';

/** Carries a refusal through tuf-js, which knows exceptions only. */
export class RefusedByUs extends Error {
  readonly refusal: TrustRefusal;
  constructor(refusal: TrustRefusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** The stable code of what went wrong. What nobody foresaw is `bad_json`: metadata that cannot be understood. */
export function explainTufError(error: unknown): TrustRefusal {
  if (error instanceof RefusedByUs) return error.refusal;
  const detail = error instanceof Error ? error.message : String(error);
  return { code: codeOf(error, detail), detail, retryable: true };
}

function codeOf(error: unknown, message: string): TrustCode {
  if (error instanceof UnsignedMetadataError) return 'threshold';
  if (error instanceof ExpiredMetadataError) return 'expired';
  if (error instanceof LengthOrHashMismatchError) return message.includes('length') ? 'length' : 'hash';
  // "less than current": an older version than one that this robot has seen. Otherwise two documents disagree.
  if (error instanceof BadVersionError) return message.includes('less than current') ? 'rollback' : 'version';
  // A role that vanished from the snapshot (spec 5.5.5).
  if (/^Missing file .* in new snapshot$/.test(message)) return 'rollback';
  return 'bad_json';
}
