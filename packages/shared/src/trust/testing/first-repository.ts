/** A complete first repository with all its keys, for tests of what may follow it. */
import type { Instant } from '../../time.ts';
import { type Signer, signerFromSeed } from '../ed25519.ts';
import type { OfflineRoleName } from '../lifetimes.ts';
import { type FirstRepository, makeFirstRepository, type OnlinePublicKeys } from '../repository.ts';

export const NOW: Instant = Date.UTC(2026, 10, 21, 9);

export interface KeyedRepository {
  readonly first: FirstRepository;
  readonly signers: Readonly<Record<OfflineRoleName, readonly Signer[]>>;
  readonly online: OnlinePublicKeys;
}

/** The same number always makes the same key. */
export const testSigner = (number: number): Signer => signerFromSeed(new Uint8Array(32).fill(number));

export function keyedRepository(): KeyedRepository {
  const signers = {
    root: [testSigner(1)],
    targets: [testSigner(2)],
    development: [testSigner(3)],
    staging: [testSigner(4)],
    production: [testSigner(5)],
  };
  const online = {
    snapshot: testSigner(6).publicKey,
    timestamp: testSigner(7).publicKey,
    director: testSigner(8).publicKey,
  };
  return { first: makeFirstRepository({ now: NOW, signers, online }), signers, online };
}
