/** Slice: people and the API tokens of their scripts. */
import type { Role } from '@fairlead/shared/api/route';
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface User {
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
  /** Rises whenever password or role change: sessions of an older generation have ended. */
  readonly sessionGeneration: number;
  readonly createdAt: Instant;
}
export interface ApiToken {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly role: Role;
  /** Of the secret, which nobody but its holder has. */
  readonly secretSha256: Sha256;
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  readonly lastUsedAt?: Instant;
}

export interface People {
  find(name: string): Promise<User | undefined>;
  /** By name. */
  all(): Promise<readonly User[]>;
  /** False where the name is taken. */
  insert(user: User): Promise<boolean>;
  /** Replaces everything but the name and the time of creation. */
  replace(user: User): Promise<void>;
  /** With all tokens. */
  remove(name: string): Promise<void>;

  findToken(secretSha256: Sha256): Promise<ApiToken | undefined>;
  /** Oldest first. */
  allTokens(): Promise<readonly ApiToken[]>;
  insertToken(token: ApiToken): Promise<void>;
  markTokenUsed(id: string, at: Instant): Promise<void>;
  removeToken(id: string): Promise<void>;
}
