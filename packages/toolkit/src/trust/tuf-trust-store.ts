/**
 * Adapter: the robot's (and the publisher's) trust, verified by tuf-js inside our own walls (TRUST.md 2).
 * A refresh works on a scratch copy; what it verified is then kept in one durable transaction, also where a
 * later step refused: a new root must count from the moment it is known (spec 5.3.8), and so must a newer
 * timestamp, or the attacker who breaks the next step could replay the old ones.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { TrustVersions } from '@fairlead/shared/fleet/robot-facts';
import { type EnvironmentName, Sha256 } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import type { Instant } from '@fairlead/shared/time';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { hashedTargetPath } from '@fairlead/shared/trust/metadata';
import { parseStrictJson } from '@fairlead/shared/trust/strict-json';
import { Type } from 'typebox';
import { type FetchBytes, fetchOverHttp } from './fetch-bytes.ts';
import { fetchTarget } from './fetch-target.ts';
import { readRole, textOf } from './read-role.ts';
import { hashesTargetNames, issuedAt, versionOf } from './read-trusted.ts';
import {
  isDamage,
  type MetadataFiles,
  openTrustDatabase,
  saySystemError,
  type TrustDatabase,
} from './trust-database.ts';
import { productProfile, type TrustProfile } from './trust-profile.ts';
import type { TrustRefusal, TrustStore, VerifiedTarget } from './trust-store.ts';
import type { Target, TufSession } from './tuf-session.ts';

export interface TufTrustStoreOptions {
  /** SQLite file. It must outlive slot switches and agent updates, or rollback memory is lost. */
  readonly file: string;
  /** `…/tuf`: metadata below it, targets in `targets/`. */
  readonly baseUrl: string;
  /** A robot's own environment; a publisher leaves it out. */
  readonly environment?: EnvironmentName;
  /** When this program was built: no time before it can be true. */
  readonly builtAt: Instant;
  /** Default: HTTP. A bundle that travels by hand reads a folder instead. */
  readonly fetchBytes?: FetchBytes;
  /** Default: productProfile(environment). Only the conformance suite loosens it. */
  readonly profile?: TrustProfile;
  /** Default: `targets/` below baseUrl. */
  readonly targetsUrl?: string;
}

/** Throws a Failure where the file cannot be opened: `store_damaged` where the file itself is broken, else `io`. */
export function openTufTrustStore(options: TufTrustStoreOptions): TufTrustStore {
  return new TufTrustStore(options, openTrustDatabase(options.file));
}

const LastAssignment = Type.Object({ seq: Type.Integer(), sha256: Sha256 });
const NETWORK = ['unavailable', 'slow'];

class TufTrustStore implements TrustStore {
  readonly #options: TufTrustStoreOptions;
  readonly #db: TrustDatabase;
  readonly #fetchBytes: FetchBytes;
  readonly #profile: TrustProfile;
  readonly #metadataUrl: string;
  #session: TufSession | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: TufTrustStoreOptions, db: TrustDatabase) {
    this.#options = options;
    this.#db = db;
    this.#fetchBytes = options.fetchBytes ?? fetchOverHttp;
    this.#profile = options.profile ?? productProfile(options.environment);
    this.#metadataUrl = options.baseUrl.replace(/\/+$/, '');
  }

  async pinRoot(root: Uint8Array): Promise<Result<void, TrustRefusal>> {
    const pinned = this.#db.state('pinned-root');
    const sha256 = sha256Hex(root);
    if (pinned === sha256) return accept(undefined);
    if (pinned !== undefined) {
      return no('version', `this store starts from root ${pinned.slice(0, 12)}, not ${sha256.slice(0, 12)}`);
    }
    const parsed = parseStrictJson(root);
    if (!parsed.ok) return no('bad_json', parsed.refused.detail);
    const wrong = this.#profile.inspect(parsed.value);
    if (wrong) return refuse(wrong);
    const files = new Map([['root.json', Buffer.from(root)]]);
    // Opening a session over it proves that it is a root that signs itself.
    const session = await this.#begin(files, 0);
    if (!session.ok) return refuse({ ...session.refused, code: 'threshold' });
    session.value.end();
    this.#db.keep({ files, state: { 'pinned-root': sha256 } });
    return accept(undefined);
  }

  refresh(now: Instant): Promise<Result<TrustVersions, TrustRefusal>> {
    return this.#inTurn(() => this.#refresh(Math.max(now, this.timeFloor())));
  }

  async #refresh(now: Instant): Promise<Result<TrustVersions, TrustRefusal>> {
    const trusted = this.#db.metadata();
    if (!trusted.has('root.json')) return no('no_root', 'no root was pinned yet');
    const begun = await this.#begin(trusted, now);
    if (!begun.ok) return begun;
    const session = begun.value;
    const refreshed = await session.refresh();
    const { eagerTarget } = this.#profile;
    const result = refreshed.ok && eagerTarget ? await session.find(eagerTarget) : refreshed;
    this.#keep(session, refreshed.ok);
    if (result.ok) {
      this.#replaceSession(session);
      return accept(this.versions());
    }
    session.end();
    // A broken link changes nothing about what was verified; anything else may mean that it no longer holds.
    if (!NETWORK.includes(result.refused.code)) this.#replaceSession(undefined);
    return result;
  }

  lookup(name: VerifiedTarget['name']): Promise<Result<VerifiedTarget, TrustRefusal>> {
    const forbidden = this.#profile.checkName(name);
    if (forbidden) return Promise.resolve(refuse(forbidden));
    return this.#inTurn(async () => {
      if (!this.#session) return no('unavailable', 'no refresh has succeeded yet');
      const found = await this.#session.find(name);
      this.#keep(this.#session, false);
      if (!found.ok) return found;
      return describeTarget(name, found.value, this.#profile);
    });
  }

  async fetch(target: VerifiedTarget): Promise<Result<Uint8Array, TrustRefusal>> {
    const base = this.#options.targetsUrl?.replace(/\/+$/, '') ?? `${this.#metadataUrl}/targets`;
    const path = hashesTargetNames(this.#db.metadata())
      ? hashedTargetPath(target.name, target.otherDigest?.hex ?? target.sha256)
      : target.name;
    const fetched = await fetchTarget(new URL(`${base}/${path}`), target, {
      fetchBytes: this.#fetchBytes,
      maxBytes: this.#profile.maxTargetBytes,
    });
    if (fetched.ok && !target.name.startsWith('releases/')) this.#db.remember(target.name, fetched.value);
    return fetched;
  }

  remembered(name: VerifiedTarget['name']): Uint8Array | undefined {
    return this.#db.remembered(name);
  }

  role(role: 'targets' | EnvironmentName): Promise<Result<string, TrustRefusal>> {
    return this.#inTurn(async () => {
      if (!this.#session) return no('unavailable', 'no refresh has succeeded yet');
      const files = this.#session.files();
      if (role === 'targets') return accept(textOf(files, 'targets.json'));
      return readRole(role, { files, metadataUrl: this.#metadataUrl, fetchBytes: this.#fetchBytes });
    });
  }

  versions(): TrustVersions {
    const files = this.#db.metadata();
    return {
      root: versionOf(files, 'root'),
      timestamp: versionOf(files, 'timestamp'),
      snapshot: versionOf(files, 'snapshot'),
      role: versionOf(files, this.#options.environment ?? 'targets'),
    };
  }

  /** Everything trusted, by file name, for bundles that travel by hand and for the conformance suite. */
  trustedFiles(): MetadataFiles {
    return this.#db.metadata();
  }

  timeFloor(): Instant {
    return Math.max(this.#options.builtAt, Number(this.#db.state('time-floor') ?? 0));
  }

  raiseTimeFloor(to: Instant): void {
    if (to > this.timeFloor()) this.#db.keep({ state: { 'time-floor': String(to) } });
  }

  lastAssignment(): { readonly seq: number; readonly sha256: Sha256 } | undefined {
    const stored = this.#db.state('last-assignment');
    const parsed = stored === undefined ? undefined : parse(LastAssignment, JSON.parse(stored));
    return parsed?.ok ? parsed.value : undefined;
  }

  rememberAssignment(seq: number, sha256: Sha256): void {
    const last = this.lastAssignment();
    // Every check-in comes by here, and each write is an fsync: a robot's flash has only so many.
    if (last?.seq === seq && last.sha256 === sha256) return;
    this.#db.keep({ state: { 'last-assignment': JSON.stringify({ seq, sha256 }) } });
  }

  close(): void {
    this.#replaceSession(undefined);
    this.#db.close();
  }

  async #begin(trusted: MetadataFiles, now: Instant): Promise<Result<TufSession, TrustRefusal>> {
    // A robot whose metadata is as new as the director demands never needs tuf-js.
    const { beginTufSession } = await import('./tuf-session.ts');
    return beginTufSession({
      trusted,
      metadataUrl: this.#metadataUrl,
      fetchBytes: this.#fetchBytes,
      profile: this.#profile,
      now,
    });
  }

  #keep(session: TufSession, raiseFloor: boolean): void {
    const before = this.#db.metadata();
    const files = session.files();
    const changed = new Map([...files].filter(([name, bytes]) => !before.get(name)?.equals(bytes)));
    if (changed.size > 0) this.#db.keep({ files: changed });
    const issued = raiseFloor ? issuedAt(files) : undefined;
    if (issued !== undefined) this.raiseTimeFloor(issued);
  }

  #replaceSession(session: TufSession | undefined): void {
    this.#session?.end();
    this.#session = session;
  }

  /** One at a time: two refreshes at once would overwrite each other's rollback memory. */
  #inTurn<T>(work: () => Promise<Result<T, TrustRefusal>>): Promise<Result<T, TrustRefusal>> {
    const turn = this.#queue.then(work).catch((error: unknown) => {
      if (isDamage(error)) return no('store_damaged', 'the trust database is damaged', false);
      const world = saySystemError(error);
      if (world !== undefined) return no('unavailable', `the trust store cannot be written: ${world}`);
      throw error;
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

export type { TufTrustStore };

function describeTarget(
  name: VerifiedTarget['name'],
  found: Target | undefined,
  profile: TrustProfile,
): Result<VerifiedTarget, TrustRefusal> {
  if (!found) return no('not_found', `no role lists ${name}`);
  const { length, hashes, unrecognizedFields } = found;
  const custom = unrecognizedFields['custom'];
  const sha256 = parse(Sha256, hashes['sha256']);
  if (sha256.ok) return accept({ name, length, sha256: sha256.value, custom });
  const algorithm = profile.otherDigests.find((each) => /^[0-9a-f]+$/.test(hashes[each] ?? ''));
  if (algorithm === undefined) return no('bad_json', `${name} is signed without a SHA-256`);
  const otherDigest = { algorithm, hex: hashes[algorithm] ?? '' };
  return accept({ name, length, sha256: NO_DIGEST, custom, otherDigest });
}

/** No bytes are known to have it. */
const NO_DIGEST = '0'.repeat(64) as Sha256;

const no = (code: TrustRefusal['code'], detail: string, retryable = true) =>
  refuse<TrustRefusal>({ code, detail, retryable });
