/** Port: hashes and compares passwords away from the work of everybody else. */
import { hashPassword, isPassword, type PasswordCost, unmatchableHash } from './password.ts';

export interface PasswordHasher {
  /** Both reject with a problem where too many wait already, or `signal` has fired before their turn came. */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  matches(password: string, hash: string, signal?: AbortSignal): Promise<boolean>;
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
