/** Port: hashes and compares passwords away from the work of everybody else. */
import { hashPassword, isPassword, type PasswordCost, unmatchableHash } from './password.ts';

export interface Turn {
  /** Fires where nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Somebody who was here before: served before strangers, with places that strangers can't take. */
  readonly isKnown?: boolean;
}
export interface PasswordHasher {
  /** Both reject with a problem where too many wait already, or `signal` has fired before their turn came. */
  hash(password: string, turn?: Turn): Promise<string>;
  matches(password: string, hash: string, turn?: Turn): Promise<boolean>;
  /** No password fits it; comparing it takes as long as comparing a real one. */
  readonly unmatchable: string;
  /** What still waits is rejected. */
  close(): Promise<void>;
}

/** On the caller's own thread: for tests with a low cost. */
export const inThreadHasher = (cost: PasswordCost): PasswordHasher => ({
  hash: async (password) => hashPassword(password, cost),
  matches: async (password, hash) => isPassword(password, hash),
  unmatchable: unmatchableHash(cost),
  close: async () => undefined,
});
