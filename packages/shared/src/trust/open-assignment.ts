/**
 * The robot's half of an assignment (TRUST 4.9): is this the director's answer to *my* question, for *me*, and
 * not older than what I have already obeyed? Whether the release itself may run is decided by TUF, later.
 */
import { accept, type Result, refuse } from '../failure.ts';
import type { EnvironmentName, RobotId, Sha256 } from '../ids.ts';
import { parse } from '../parse.ts';
import { fromTimestamp, type Instant, MINUTE } from '../time.ts';
import { ASSIGNMENT_TYPE, Assignment, type Envelope } from './assignment.ts';
import { openEnvelope } from './dsse.ts';
import { LIMITS } from './limits.ts';
import { desiredDigest } from './sign-assignment.ts';
import { parseStrictJson } from './strict-json.ts';
import type { DirectorKeys } from './targets.ts';

export type AssignmentCode =
  | 'bad_signature'
  | 'bad_json'
  | 'wrong_robot'
  | 'wrong_env'
  | 'wrong_nonce'
  | 'stale_seq'
  | 'seq_jump'
  | 'expired';
export interface AssignmentRefusal {
  readonly code: AssignmentCode;
  readonly detail: string;
  /** All of these can be answered rightly by the next check-in. */
  readonly retryable: boolean;
}
export interface OpenAssignmentOrder {
  readonly envelope: Envelope;
  /** From the verified target trust/director.json, never from the answer itself. */
  readonly directorKeys: DirectorKeys;
  readonly robot: RobotId;
  readonly environment: EnvironmentName;
  /** What this robot sent with its question. */
  readonly nonce: string;
  /** The last assignment obeyed; absent before the first. */
  readonly last?: { readonly seq: number; readonly sha256: Sha256 } | undefined;
  /** The robot's best time before this answer. */
  readonly now: Instant;
  /**
   * Give it only where the answer came within 10 s of the question (TRUST 4.7): then the director's own time
   * counts, never less than this floor, and a robot with a wrong clock can still be told the time.
   */
  readonly floor?: Instant;
}
export interface OpenedAssignment {
  readonly assignment: Assignment;
  readonly desiredSha256: Sha256;
  /** The director's time, authentic for the question it answered. */
  readonly issuedAt: Instant;
}

const LONGEST_LIFE = 15 * MINUTE;

/** Checks everything that the envelope alone can tell; the first thing wrong is the refusal. */
export function openAssignment(order: OpenAssignmentOrder): Result<OpenedAssignment, AssignmentRefusal> {
  const keys = order.directorKeys.keys;
  const opened = openEnvelope(
    ASSIGNMENT_TYPE,
    order.envelope,
    keys.map((key) => key.public),
  );
  if (!opened.ok) return no('bad_signature', opened.refused.detail);
  const json = parseStrictJson(opened.value);
  if (!json.ok) return no('bad_json', json.refused.detail);
  const parsed = parse(Assignment, json.value);
  if (!parsed.ok) return no('bad_json', parsed.refused.map(({ at, message }) => `${at} ${message}`).join('; '));
  const assignment = parsed.value;
  const issuedAt = fromTimestamp(assignment.issuedAt);
  const now = order.floor === undefined ? order.now : Math.max(issuedAt, order.floor);

  if (assignment.robot !== order.robot) return no('wrong_robot', `it is for ${assignment.robot}, not ${order.robot}`);
  if (assignment.environment !== order.environment) {
    return no('wrong_env', `it is for ${assignment.environment}, this robot is in ${order.environment}`);
  }
  if (assignment.nonce !== order.nonce) return no('wrong_nonce', 'it answers another question');
  const late = lateness(assignment, issuedAt, now);
  if (late !== undefined) return no('expired', late);
  // Not `expired`: the robot must look for newer director keys, as after any signature that it does not accept.
  const oldKey = keyLateness(order, now);
  if (oldKey !== undefined) return no('bad_signature', oldKey);

  const desiredSha256 = desiredDigest(assignment);
  const { last } = order;
  if (last && assignment.seq < last.seq) return no('stale_seq', `seq ${assignment.seq} after ${last.seq}`);
  if (last && assignment.seq === last.seq && desiredSha256 !== last.sha256) {
    return no('stale_seq', `seq ${assignment.seq} again, with other content`);
  }
  if (assignment.seq > highestSeq(last)) {
    return no('seq_jump', `seq ${assignment.seq} after ${last?.seq ?? 'none'}: no further order could ever follow it`);
  }
  return accept({ assignment, desiredSha256, issuedAt });
}

/** A name that is enrolled again begins where its orders stand, which may be far. */
const highestSeq = (last: OpenAssignmentOrder['last']): number =>
  last ? last.seq + LIMITS.seqJump : 1000 * LIMITS.seqJump;

function lateness(assignment: Assignment, issuedAt: Instant, now: Instant): string | undefined {
  const expiresAt = fromTimestamp(assignment.expiresAt);
  if (!(expiresAt - issuedAt <= LONGEST_LIFE)) return 'it claims to live longer than 15 minutes';
  return now < expiresAt ? undefined : `it expired at ${assignment.expiresAt}`;
}

function keyLateness(order: OpenAssignmentOrder, now: Instant): string | undefined {
  const keyid = order.envelope.signatures[0]?.keyid;
  const key = order.directorKeys.keys.find((candidate) => candidate.keyid === keyid);
  if (!key) return 'its director key is listed under another key id';
  return now < fromTimestamp(key.expires) ? undefined : `its director key expired at ${key.expires}`;
}

const no = (code: AssignmentCode, detail: string) => refuse<AssignmentRefusal>({ code, detail, retryable: true });
