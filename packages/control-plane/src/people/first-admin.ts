/** The very first start: somebody must be able to log in, and no password may be known to the world. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '@fairlead/shared/time';
import { writeDurably } from '@fairlead/toolkit/durable-files';
import type { Store } from '../store/store.ts';
import { hashPassword } from './password.ts';

export const FIRST_ADMIN = 'admin';

/** Where there is no user yet: creates the admin and answers the file that holds its password (mode 0600). */
export async function createFirstAdmin(store: Store, clock: Clock, dataFolder: string): Promise<string | undefined> {
  if ((await store.people.all()).length > 0) return undefined;
  const password = randomBytes(18).toString('base64url');
  const file = join(dataFolder, 'initial-admin-password');
  // The file first: a crash in between leaves a password too many, not an admin nobody can be.
  await writeDurably(file, `${password}\n`, { mode: 0o600 });
  const passwordHash = await hashPassword(password);
  const admin = {
    name: FIRST_ADMIN,
    role: 'admin',
    passwordHash,
    sessionGeneration: 1,
    createdAt: clock.now(),
  } as const;
  await store.people.insert(admin);
  return file;
}
