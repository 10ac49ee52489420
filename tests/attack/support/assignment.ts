/** One director, one robot, and the assignment that is right for it. */

import type { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Assignment, Envelope } from '@fairlead/shared/trust/assignment';
import { Assignment as AssignmentSchema } from '@fairlead/shared/trust/assignment';
import { type OpenAssignmentOrder, openAssignment } from '@fairlead/shared/trust/open-assignment';
import { directorKeys } from '@fairlead/shared/trust/repository';
import { signAssignment } from '@fairlead/shared/trust/sign-assignment';
import { NOW, newSigner } from './fleet-repository.ts';
import { codeOf } from './robot.ts';

export const director = newSigner();
export const DIRECTOR_KEYS = directorKeys(director.publicKey, NOW);
export const NONCE = '00112233445566778899aabbccddeeff';
export const ROBOT = 'duck-1' as RobotId;

/** What the director would say now; parts of it may be said otherwise. */
export function assignment(changes: Partial<Record<keyof Assignment, unknown>> = {}): Assignment {
  const whole = {
    schema: 'fairlead.assignment.v1',
    robot: ROBOT,
    environment: 'production',
    seq: 7,
    issuedAt: toTimestamp(NOW),
    expiresAt: toTimestamp(NOW + 10 * MINUTE),
    nonce: NONCE,
    components: [],
    minTimestampVersion: 1,
    minSnapshotVersion: 1,
    ...changes,
  };
  const parsed = parse(AssignmentSchema, whole);
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.refused));
  return parsed.value;
}

export const sealed = (changes: Parameters<typeof assignment>[0] = {}): Envelope =>
  signAssignment(assignment(changes), director);

/** What the robot makes of an envelope: 'accepted' or the code of its refusal. */
export const opened = (envelope: Envelope, order: Partial<OpenAssignmentOrder> = {}) =>
  openAssignment({
    envelope,
    directorKeys: DIRECTOR_KEYS,
    robot: ROBOT,
    environment: 'production',
    nonce: NONCE,
    now: NOW,
    ...order,
  });
export const openCode = (envelope: Envelope, order: Partial<OpenAssignmentOrder> = {}): string =>
  codeOf(opened(envelope, order));
