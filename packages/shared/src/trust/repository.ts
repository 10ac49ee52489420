/**
 * Making the repository: the publisher's offline documents and the server's two online ones. Pure: keys and
 * time come in, texts go out. What the server demands of them is in check-role-update.ts and
 * check-first-repository.ts, and is checked by the server although our own CLI made them.
 */
import { ENVIRONMENTS, type EnvironmentName } from '../ids.ts';
import { type Instant, toTimestamp } from '../time.ts';
import { canonicalJson } from './canonical-json.ts';
import { sha256Hex } from './digest.ts';
import type { Signer } from './ed25519.ts';
import { LIFETIMES_MS, type OfflineRoleName } from './lifetimes.ts';
import {
  type Delegation,
  type KeyTable,
  type RoleKeys,
  type RootSigned,
  type SnapshotSigned,
  SPEC_VERSION,
  signMetadata,
  type TargetEntry,
  TargetsMetadata,
  type TargetsSigned,
  type TimestampSigned,
  toExpiry,
} from './metadata.ts';
import { DIRECTOR_TARGET, policyTarget, rolePatterns } from './names.ts';
import { parseOwn } from './parse-own.ts';
import type { DirectorKeys, EnvironmentPolicy } from './targets.ts';
import { keyIdOf, tufKey } from './verify-ed25519.ts';

/** Public keys (hex) of the roles that the control plane signs with by itself. */
export interface OnlinePublicKeys {
  readonly snapshot: string;
  readonly timestamp: string;
  readonly director: string;
}
/** The offline documents as exact texts; what is newest on the server has the same shape. */
export interface RepositoryHead {
  readonly root: string;
  readonly targets: string;
  readonly roles: Readonly<Record<EnvironmentName, string>>;
}
export interface FirstRepository extends RepositoryHead {
  /** Target name -> exact text. */
  readonly texts: Readonly<Record<string, string>>;
}
export interface RoleUpdate {
  readonly role: OfflineRoleName;
  /** The version that this one was made from. */
  readonly base: number;
  readonly metadata: string;
  /** Texts of the entries that are new or changed. */
  readonly texts: Readonly<Record<string, string>>;
  /** Entries that vanish on purpose. */
  readonly removes: readonly string[];
}

/**
 * A complete first repository for a small team: every role version 1, thresholds 1 unless told otherwise.
 * Sign on the operator's machine; the server only ever sees the result.
 */
export function makeFirstRepository(order: {
  readonly now: Instant;
  readonly signers: Readonly<Record<OfflineRoleName, readonly Signer[]>>;
  readonly online: OnlinePublicKeys;
  readonly thresholds?: Partial<Record<OfflineRoleName, number>>;
}): FirstRepository {
  const { now, signers, online } = order;
  const keysOf = (role: OfflineRoleName): RoleKeys => ({
    keyids: signers[role].map(({ keyid }) => keyid),
    threshold: order.thresholds?.[role] ?? 1,
  });
  const one = (publicKey: string): RoleKeys => ({ keyids: [keyIdOf(publicKey)], threshold: 1 });
  const common = (role: OfflineRoleName) =>
    ({
      spec_version: SPEC_VERSION,
      version: 1,
      expires: toExpiry(now + LIFETIMES_MS[role]),
    }) as const;

  const root: RootSigned = {
    _type: 'root',
    ...common('root'),
    consistent_snapshot: true,
    keys: keyTable([...publicKeys(signers.root), ...publicKeys(signers.targets), online.snapshot, online.timestamp]),
    roles: {
      root: keysOf('root'),
      targets: keysOf('targets'),
      snapshot: one(online.snapshot),
      timestamp: one(online.timestamp),
    },
  };
  const texts: Record<string, string> = { [DIRECTOR_TARGET]: canonicalJson(directorKeys(online.director, now)) };
  for (const environment of ENVIRONMENTS) texts[policyTarget(environment)] = canonicalJson(emptyPolicy(environment));
  const targets: TargetsSigned = {
    _type: 'targets',
    ...common('targets'),
    targets: { [DIRECTOR_TARGET]: entryOf(texts[DIRECTOR_TARGET] ?? '') },
    delegations: {
      keys: keyTable(ENVIRONMENTS.flatMap((environment) => publicKeys(signers[environment]))),
      // The order is the order of trust: production is asked first (TRUST 4.1).
      roles: [...ENVIRONMENTS].reverse().map((name) => delegationTo(name, keysOf(name))),
    },
  };
  const role = (environment: EnvironmentName): string => {
    const policy = policyTarget(environment);
    const targets = { [policy]: entryOf(texts[policy] ?? '') };
    return signMetadata({ _type: 'targets', ...common(environment), targets } as const, signers[environment]);
  };
  return {
    root: signMetadata(root, signers.root),
    targets: signMetadata(targets, signers.targets),
    roles: { development: role('development'), staging: role('staging'), production: role('production') },
    texts,
  };
}

/** The next version of a role: entries set and removed, everything else as it was, signed anew. */
export function makeRoleUpdate(order: {
  readonly role: 'targets' | EnvironmentName;
  /** Text of the newest published version, verified by a trust store: never sign on top of hearsay. */
  readonly current: string;
  readonly set?: readonly { readonly name: string; readonly text: string; readonly custom?: unknown }[];
  readonly remove?: readonly string[];
  readonly signers: readonly Signer[];
  readonly now: Instant;
}): RoleUpdate {
  const { signed } = parseOwn(TargetsMetadata, order.current);
  const set = order.set ?? [];
  const remove = order.remove ?? [];
  const targets = Object.fromEntries(Object.entries(signed.targets).filter(([name]) => !remove.includes(name)));
  for (const { name, text, custom } of set) targets[name] = entryOf(text, custom);
  const expires = toExpiry(order.now + LIFETIMES_MS[order.role]);
  const next: TargetsSigned = { ...signed, version: signed.version + 1, expires, targets };
  return {
    role: order.role,
    base: signed.version,
    metadata: signMetadata(next, order.signers),
    texts: Object.fromEntries(set.map(({ name, text }) => [name, text])),
    removes: [...remove],
  };
}

/** The online list of what is newest, with length and digest of each, so that nothing can be mixed (attack 14). */
export function makeSnapshot(order: {
  readonly version: number;
  readonly head: RepositoryHead;
  readonly now: Instant;
  readonly signer: Signer;
}): string {
  const roles = { targets: order.head.targets, ...order.head.roles };
  const signed: SnapshotSigned = {
    _type: 'snapshot',
    spec_version: SPEC_VERSION,
    version: order.version,
    expires: toExpiry(order.now + LIFETIMES_MS.snapshot),
    meta: Object.fromEntries(
      Object.entries(roles).map(([role, text]) => [
        `${role}.json`,
        { version: parseOwn(TargetsMetadata, text).signed.version, ...entryOf(text) },
      ]),
    ),
  };
  return signMetadata(signed, [order.signer]);
}

/** The online proof of freshness. `snapshotVersion` is the version inside `snapshot`. */
export function makeTimestamp(order: {
  readonly version: number;
  readonly snapshot: string;
  readonly snapshotVersion: number;
  readonly now: Instant;
  readonly signer: Signer;
  /** Default 24 h; longer only for bundles that travel by hand (TRUST 4.6). */
  readonly lifetimeMs?: number;
}): string {
  const signed: TimestampSigned = {
    _type: 'timestamp',
    spec_version: SPEC_VERSION,
    version: order.version,
    expires: toExpiry(order.now + (order.lifetimeMs ?? LIFETIMES_MS.timestamp)),
    meta: { 'snapshot.json': { version: order.snapshotVersion, ...entryOf(order.snapshot) } },
    x_issued: toTimestamp(order.now),
  };
  return signMetadata(signed, [order.signer]);
}

/** `trust/director.json` for one key, good for 90 days unless told otherwise. */
export const directorKeys = (
  publicKey: string,
  now: Instant,
  lifetimeMs: number = LIFETIMES_MS.director,
): DirectorKeys => ({
  schema: 'fairlead.director.v1',
  keys: [
    {
      keyid: keyIdOf(publicKey),
      public: publicKey as DirectorKeys['keys'][number]['public'],
      expires: toTimestamp(now + lifetimeMs),
    },
  ],
});

/** A policy that forbids nothing yet. */
export const emptyPolicy = (environment: EnvironmentName): EnvironmentPolicy => ({
  schema: 'fairlead.policy.v1',
  environment,
  version: 1,
  floor: {},
  deny: [],
  downgrade: [],
});

function delegationTo(name: EnvironmentName, keys: RoleKeys): Delegation {
  return { name, ...keys, paths: [...rolePatterns(name)], terminating: true };
}

function entryOf(text: string, custom?: unknown): TargetEntry {
  const bytes = Buffer.from(text);
  return { length: bytes.length, hashes: { sha256: sha256Hex(bytes) }, ...(custom === undefined ? {} : { custom }) };
}

const publicKeys = (signers: readonly Signer[]): string[] => signers.map(({ publicKey }) => publicKey);
const keyTable = (keys: readonly string[]): KeyTable =>
  Object.fromEntries(keys.map((publicKey) => [keyIdOf(publicKey), tufKey(publicKey)]));
