/** A small real repository, made with the product's own publisher side, that tests may then attack. */
import type { EnvironmentName } from '@fairlead/shared/ids';
import { DAY, HOUR, type Instant } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { generateKeyPair, type Signer, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import type { OfflineRoleName } from '@fairlead/shared/trust/lifetimes';
import {
  hashedTargetPath,
  RootMetadata,
  type RootSigned,
  SnapshotMetadata,
  type SnapshotSigned,
  signMetadata,
  TargetsMetadata,
  type TargetsSigned,
  TimestampMetadata,
  type TimestampSigned,
} from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import {
  type FirstRepository,
  makeFirstRepository,
  makeRoleUpdate,
  makeSnapshot,
  makeTimestamp,
} from '@fairlead/shared/trust/repository';
import { Type } from 'typebox';

export const NOW: Instant = Date.UTC(2026, 10, 21, 9);
export const LATER = NOW + HOUR;

/** Deterministic, so that a failing test fails again. */
let made = 0;
export const newSigner = (): Signer => {
  made += 1;
  return signerFromSeed(generateKeyPair(new Uint8Array(32).map((_, at) => (at === 0 ? made : at))).seed);
};

export type Files = Map<string, string>;
export interface FleetRepository {
  readonly signers: Record<OfflineRoleName, Signer[]>;
  readonly online: { snapshot: Signer; timestamp: Signer; director: Signer };
  head: Omit<FirstRepository, 'texts'>;
  /** Path below `/tuf/` -> what the server answers. Attacks overwrite entries. */
  readonly files: Files;
  versions: { snapshot: number; timestamp: number };
}

/** Everything published once: version 1 of every role. */
export function makeFleetRepository(thresholds: Partial<Record<OfflineRoleName, number>> = {}): FleetRepository {
  const keys = (role: OfflineRoleName) => Array.from({ length: Math.max(1, thresholds[role] ?? 1) }, newSigner);
  const signers = {
    root: keys('root'),
    targets: keys('targets'),
    development: keys('development'),
    staging: keys('staging'),
    production: keys('production'),
  };
  const online = { snapshot: newSigner(), timestamp: newSigner(), director: newSigner() };
  const first = makeFirstRepository({
    now: NOW,
    signers,
    thresholds,
    online: {
      snapshot: online.snapshot.publicKey,
      timestamp: online.timestamp.publicKey,
      director: online.director.publicKey,
    },
  });
  const { texts, ...head } = first;
  const repository = { signers, online, head, files: new Map(), versions: { snapshot: 0, timestamp: 0 } };
  putTexts(repository.files, texts);
  putHead(repository);
  publishOnline(repository);
  return repository;
}

/** Signs the next version of an environment's role with these targets in it, and publishes it. */
export function publishTexts(
  repository: FleetRepository,
  role: EnvironmentName,
  texts: Readonly<Record<string, string>>,
  { remove = [] as readonly string[] } = {},
): void {
  const update = makeRoleUpdate({
    role,
    current: repository.head.roles[role],
    set: Object.entries(texts).map(([name, text]) => ({ name, text })),
    remove,
    signers: repository.signers[role],
    now: NOW,
  });
  replaceRole(repository, role, update.metadata);
  putTexts(repository.files, texts);
}

/** Makes `text` the newest version of a role, however it came about. */
export function replaceRole(
  repository: FleetRepository,
  role: 'root' | 'targets' | EnvironmentName,
  text: string,
): void {
  const { head } = repository;
  repository.head =
    role === 'root' || role === 'targets'
      ? { ...head, [role]: text }
      : { ...head, roles: { ...head.roles, [role]: text } };
  putHead(repository);
  publishOnline(repository);
}

/** Next snapshot and timestamp over the head. */
export function publishOnline(repository: FleetRepository, now: Instant = NOW): void {
  const { versions, head, online, files } = repository;
  versions.snapshot += 1;
  versions.timestamp += 1;
  const snapshot = makeSnapshot({ version: versions.snapshot, head, now, signer: online.snapshot });
  files.set(`${versions.snapshot}.snapshot.json`, snapshot);
  putTimestamp(repository, snapshot, versions.snapshot, now);
}

/** A timestamp of the present version over a given snapshot text. */
export function putTimestamp(
  repository: FleetRepository,
  snapshot: string,
  snapshotVersion: number,
  now: Instant = NOW,
): void {
  const { versions, online, files } = repository;
  const order = { version: versions.timestamp, snapshot, snapshotVersion, now, signer: online.timestamp };
  files.set('timestamp.json', makeTimestamp(order));
}

interface Readings {
  root: RootSigned;
  targets: TargetsSigned;
  snapshot: SnapshotSigned;
  timestamp: TimestampSigned;
}
const SCHEMAS = {
  root: RootMetadata,
  targets: TargetsMetadata,
  snapshot: SnapshotMetadata,
  timestamp: TimestampMetadata,
};

/** The same document with another content, signed by whomever. The content need not be valid any more. */
export function resign<K extends keyof Readings>(
  kind: K,
  text: string,
  signers: readonly Signer[],
  change: (signed: Readings[K]) => object,
): string {
  return signMetadata(change(read(kind, text)), signers);
}

/** The signed content of one of our own documents. */
export const read = <K extends keyof Readings>(kind: K, text: string): Readings[K] =>
  parseOwn(SCHEMAS[kind], text).signed as Readings[K];

const versionIn = (text: string): number =>
  parseOwn(Type.Object({ signed: Type.Object({ version: Type.Integer() }) }), text).signed.version;

export const file = (repository: FleetRepository, path: string): string => {
  const text = repository.files.get(path);
  if (text === undefined) throw new TypeError(`there is no ${path}`);
  return text;
};

/** A release entry's name and some bytes for it. */
export const RELEASE = 'releases/production/duck-policy-2.1.0.json';
export const RELEASE_TEXT = '{"the":"manifest"}';
export const hashedPath = (name: string, text: string): string => `targets/${hashedTargetPath(name, sha256Hex(text))}`;
export const inDays = (days: number): Instant => NOW + days * DAY;

function putTexts(files: Files, texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) files.set(hashedPath(name, text), text);
}

function putHead({ head, files }: Pick<FleetRepository, 'head' | 'files'>): void {
  const put = (role: string, text: string) => files.set(`${versionIn(text)}.${role}.json`, text);
  put('root', head.root);
  put('targets', head.targets);
  for (const [role, text] of Object.entries(head.roles)) put(role, text);
}
