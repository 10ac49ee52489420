/** The very first start: somebody must be able to log in, and no password may be known to the world. */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@fairlead/shared/failure';
import type { Clock } from '@fairlead/shared/time';
import { createDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import type { Store } from '../store/store.ts';
import { newUserId } from './api-token.ts';
import { hashPassword, isPassword } from './password.ts';
import { weaknessOf } from './weak-password.ts';

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
  const weakness = weaknessOf(password, FIRST_ADMIN);
  if (weakness !== undefined) throw tooWeak(file, weakness);
  const admin = {
    id: newUserId(),
    name: FIRST_ADMIN,
    role: 'admin',
    passwordHash: hashPassword(password),
    sessionGeneration: 1,
    // One that its operator chose is as good as any.
    mustChangePassword: passwordFile === undefined,
    createdAt: clock.now(),
  } as const;
  if (await store.people.insert(admin)) return file;
  // Another replica was faster. Where its folder is ours too, the password is in this file, and both told the same.
  const made = await store.people.find(FIRST_ADMIN);
  if (passwordFile === undefined && !(made && isPassword(password, made.passwordHash))) await rm(file);
  return undefined;
}

const firstPasswordFile = (dataFolder: string): string => join(dataFolder, 'initial-admin-password');

/**
 * Removes the file of the first password once that password opens nothing any more. At each start and after each change of
 * a password: with several replicas, another one may have changed it. `kept`: it is there, and still opens.
 */
export async function removeFirstPassword(store: Store, dataFolder: string): Promise<'absent' | 'kept' | 'removed'> {
  const file = firstPasswordFile(dataFolder);
  const password = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (password === undefined) return 'absent';
  const admin = await store.people.find(FIRST_ADMIN);
  if (admin && isPassword(password.trim(), admin.passwordHash)) return 'kept';
  await rm(file, { force: true });
  return 'removed';
}

/**
 * Before the admin: a crash in between leaves a password too many, not an admin nobody can be. A file that is there is
 * used: it is what the crash left, or another replica with this folder has made it just now.
 */
async function makePasswordFile(dataFolder: string): Promise<string> {
  const file = firstPasswordFile(dataFolder);
  await createDurably(file, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  return file;
}

const tooWeak = (file: string, detail: string) =>
  new Failure({
    phase: 'sign',
    element: file,
    category: 'weak_password',
    detail,
    retryable: false,
    hint: 'Write another one, or leave --admin-password-file out to get a random one.',
  });
