/** The very first start: somebody must be able to log in, and no password may be known to the world. */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import type { Clock } from '@fairlead/shared/time';
import { createDurably } from '@fairlead/toolkit/durable-files';
import type { Store } from '../store/store.ts';
import { hashPassword, isPassword } from './password.ts';

export const FIRST_ADMIN = 'admin';

export interface FirstAdminOptions {
  readonly dataFolder: string;
  /** Read instead of making a password up. */
  readonly passwordFile?: string;
}

/** Where there is no user yet: creates the admin and answers the file that holds its password. */
export async function createFirstAdmin(
  store: Store,
  clock: Clock,
  { dataFolder, passwordFile }: FirstAdminOptions,
): Promise<string | undefined> {
  if ((await store.people.all()).length > 0) return undefined;
  const file = passwordFile ?? (await makePasswordFile(dataFolder));
  const password = (await readFile(file, 'utf8')).trim();
  if (password.length < 10) throw tooShort(file);
  const passwordHash = await hashPassword(password);
  const admin = {
    name: FIRST_ADMIN,
    role: 'admin',
    passwordHash,
    sessionGeneration: 1,
    createdAt: clock.now(),
  } as const;
  if (await store.people.insert(admin)) return file;
  // Another replica was faster. Where its folder is ours too, the password is in this file, and both told the same.
  const made = await store.people.find(FIRST_ADMIN);
  if (passwordFile === undefined && !(made && (await isPassword(password, made.passwordHash)))) await rm(file);
  return undefined;
}

/**
 * Before the admin: a crash in between leaves a password too many, not an admin nobody can be. A file that is there is
 * used: it is what the crash left, or another replica with this folder has made it just now.
 */
async function makePasswordFile(dataFolder: string): Promise<string> {
  const file = join(dataFolder, 'initial-admin-password');
  await createDurably(file, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  return file;
}

const tooShort = (file: string) =>
  new Failure({
    phase: 'sign',
    element: file,
    category: 'weak_password',
    detail: 'The password in it is shorter than 10 characters.',
    retryable: false,
    hint: 'Write a longer one, or leave --admin-password-file out to get a random one.',
  });
