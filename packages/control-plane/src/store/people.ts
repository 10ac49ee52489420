/** Slice: people, the API tokens of their scripts, and the sessions that were logged out. */
import type { Role } from '@fairlead/shared/api/route';
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';

export interface User {
  /** Random, and never given again: rights belong to it and not to the name. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string;
  /** Rises whenever password or role change: sessions of an older generation have ended. */
  readonly sessionGeneration: number;
  /** The password was made up by the server: its sessions may do nothing but change it. */
  readonly mustChangePassword: boolean;
  readonly createdAt: Instant;
}
export interface ApiToken {
  readonly id: string;
  /** The id of its owner. */
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  /** Of the secret, which nobody but its holder has. */
  readonly secretSha256: Sha256;
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  readonly lastUsedAt?: Instant;
  /** The API token that made this one. */
  readonly madeBy?: string;
}

export interface People {
  find(name: string): Promise<User | undefined>;
  findById(id: string): Promise<User | undefined>;
  /** By name. */
  all(): Promise<readonly User[]>;
  /** False where the name is taken. */
  insert(user: User): Promise<boolean>;
  /** Replaces everything but id, name and time of creation. */
  replace(user: User): Promise<void>;
  /** With all tokens, and the unused enrollment tokens that they or this user made. */
  remove(id: string): Promise<void>;

  findToken(secretSha256: Sha256): Promise<ApiToken | undefined>;
  /** Oldest first. */
  allTokens(): Promise<readonly ApiToken[]>;
  /** Rejects where its owner, or the token that makes it, is gone. */
  insertToken(token: ApiToken): Promise<void>;
  markTokenUsed(id: string, at: Instant): Promise<void>;
  /** With every token that it made. */
  removeToken(id: string): Promise<void>;

  /** Once is enough. */
  endSession(id: string, expiresAt: Instant): Promise<void>;
  hasSessionEnded(id: string): Promise<boolean>;
  /** Sessions that have expired by then need no list. */
  forgetEndedSessions(before: Instant): Promise<void>;
}
