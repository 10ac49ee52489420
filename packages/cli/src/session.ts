/** Who is logged in, and where: one file in the CLI's home that only its owner can read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@fairlead/shared/parse';
import { Timestamp } from '@fairlead/shared/time';
import { makeFolderDurably, removeDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import { type Static, Type } from 'typebox';
import { CliError } from './cli-error.ts';

export const Session = Type.Object(
  { server: Type.String(), token: Type.String(), name: Type.String(), role: Type.String(), expiresAt: Timestamp },
  { additionalProperties: false },
);
export type Session = Static<typeof Session>;

const fileIn = (home: string): string => join(home, 'session.json');

/** The session of this home, or undefined where nobody is logged in. */
export function readSession(home: string): Session | undefined {
  let text: string;
  try {
    text = readFileSync(fileIn(home), 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const session = parse(Session, parseJson(text));
  if (session.ok) return session.value;
  throw new CliError('The stored session cannot be read.', {
    where: fileIn(home),
    hint: 'Log in again: fairlead login --server URL',
  });
}

/** Mode 0600 from the first byte: the token is as good as the password. */
export async function writeSession(home: string, session: Session): Promise<void> {
  await makeFolderDurably(home, 0o700);
  await writeDurably(fileIn(home), `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600 });
}

export const removeSession = (home: string): Promise<void> => removeDurably(fileIn(home));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
