/**
 * `identity/robot.json`: who this robot is and which environment it belongs to. Written by enrolment alone: a
 * changed line in agent.yaml, or anything the server says, must not turn a production robot into one that
 * accepts development releases (TRUST 4.8).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import { EnvironmentName, RobotId, Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { type Instant, Timestamp, toTimestamp } from '@fairlead/shared/time';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { renameDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { type Static, Type } from 'typebox';

const RobotIdentity = Type.Object(
  {
    schema: Type.Literal('fairlead.robot.v1'),
    robot: RobotId,
    environment: EnvironmentName,
    /** The key that was enrolled: another key in `robot.key` is not enrolled. */
    keyid: Sha256,
    enrolledAt: Timestamp,
  },
  { additionalProperties: false },
);
export type RobotIdentity = Static<typeof RobotIdentity>;

const IDENTITY_FILE = 'robot.json';

/** Undefined where this robot is not enrolled yet. */
export async function readIdentity(folder: string): Promise<RobotIdentity | undefined> {
  const file = join(folder, IDENTITY_FILE);
  const bytes = await readFile(file).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!bytes) return undefined;
  const json = parseStrictJson(bytes);
  const identity = json.ok ? parse(RobotIdentity, json.value) : json;
  if (identity.ok) return identity.value;
  throw new Failure({
    phase: 'check-in',
    element: file,
    category: 'bad_identity',
    detail: 'The record of this robot’s enrolment can’t be read.',
    retryable: false,
    hint: 'Nothing, if the robot is accepted: its agent put the record aside and enrols again with the same key.',
  });
}

/** Puts a record that can't be read aside, for a person to look at: this robot is not enrolled then. */
export const setIdentityAside = (folder: string, now: Instant): Promise<void> =>
  renameDurably(
    join(folder, IDENTITY_FILE),
    join(folder, `${IDENTITY_FILE}.bad-${toTimestamp(now).replaceAll(':', '')}`),
  );

export const writeIdentity = (folder: string, identity: Omit<RobotIdentity, 'schema'>): Promise<void> =>
  writeDurably(
    join(folder, IDENTITY_FILE),
    `${JSON.stringify({ schema: 'fairlead.robot.v1', ...identity }, null, 2)}\n`,
  );
