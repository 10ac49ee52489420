/** The director's half of an assignment (TRUST 4.9). */
import { ASSIGNMENT_TYPE, type Assignment, type Envelope } from './assignment.ts';
import { canonicalBytes, canonicalJson } from './canonical-json.ts';
import { sha256Hex } from './digest.ts';
import { sealEnvelope } from './dsse.ts';
import type { Signer } from './ed25519.ts';

/** Signs what one robot should run now. */
export const signAssignment = (assignment: Assignment, director: Signer): Envelope =>
  sealEnvelope(ASSIGNMENT_TYPE, canonicalBytes(assignment), director);

/**
 * Digest of what is desired, without time and nonce: two assignments of one `seq` must agree on it. A hold is left out:
 * windows open by the clock, without anybody changing what the robot should run.
 */
export const desiredDigest = ({ components }: Assignment) =>
  sha256Hex(canonicalJson(components.map(({ hold: _hold, ...desired }) => desired)));
