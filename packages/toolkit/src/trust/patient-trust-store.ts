/**
 * A trust store that outlives its file. A database that can't be opened (a full disk at the start) is tried again; one
 * that breaks in the middle of the work is given up for one that believes nothing; and nothing of that is ever an
 * exception to a robot that has services to run. What was seen since the start is remembered in memory meanwhile.
 */
import { Failure, type Refusal, refuse } from '@fairlead/shared/failure';
import type { Sha256 } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { damagedTrustStore } from './damaged-trust-store.ts';
import { isDamage, isFull, saySystemError } from './trust-database.ts';
import type { TrustRefusal, TrustStore } from './trust-store.ts';

export interface PatientTrustStore extends TrustStore {
  /** Why nothing new is believed right now; undefined where all is well. */
  trouble(): Refusal | undefined;
}
export interface PatienceWithTrust {
  /** Throws a Failure where the database can't be opened. */
  readonly open: () => TrustStore;
  readonly builtAt: Instant;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Called with each trouble once, when it begins, and with undefined when all is well again. */
  readonly onChange: (trouble: Refusal | undefined) => void;
}

/** The element of every trouble ends with this: relative to the agent's root folder, or absolute. */
export const TRUST_DATABASE = 'trust/trust.db';

/** A person may have moved the damaged file away, or made room. */
const TRY_AGAIN_MS = 5_000;

export function patientTrustStore({ open, builtAt, elapsed, onChange }: PatienceWithTrust): PatientTrustStore {
  let store: TrustStore | undefined;
  let trouble: Refusal | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let floor = builtAt;
  let last: { seq: number; sha256: Sha256 } | undefined;

  const tell = (refusal: Refusal): void => {
    const isNew = trouble?.category !== refusal.category;
    trouble = refusal;
    if (isNew) onChange(refusal);
  };
  /** A bug of ours stays one. */
  const giveUp = (error: unknown): Refusal => {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    const gone = store;
    store = undefined;
    triedAt = elapsed();
    tell(refusal);
    try {
      gone?.close();
    } catch {
      // What is broken may also break on its way out.
    }
    return refusal;
  };
  const current = (): TrustStore => {
    if (store) return store;
    if (elapsed() - triedAt >= TRY_AGAIN_MS) {
      triedAt = elapsed();
      try {
        store = open();
        // What the file missed meanwhile; that it takes a write is what tells that it is well.
        if (last) store.rememberAssignment(last.seq, last.sha256);
        store.raiseTimeFloor(floor);
        const wasInTrouble = trouble !== undefined;
        trouble = undefined;
        if (wasInTrouble) onChange(undefined);
        return store;
      } catch (error) {
        giveUp(error);
      }
    }
    return damagedTrustStore(trouble ?? UNKNOWN, builtAt);
  };
  const look = <T>(from: (store: TrustStore) => T, instead: T): T => {
    try {
      return from(current());
    } catch (error) {
      giveUp(error);
      return instead;
    }
  };
  const ask = async <T extends { ok: boolean }>(question: (store: TrustStore) => Promise<T>) => {
    try {
      return await question(current());
    } catch (error) {
      const { category, detail, retryable } = giveUp(error);
      return refuse<TrustRefusal>({
        code: category === 'store_damaged' ? 'store_damaged' : 'unavailable',
        detail,
        retryable,
      });
    }
  };

  return {
    trouble: () => trouble,
    pinRoot: (root) => ask((it) => it.pinRoot(root)),
    refresh: (now) => ask((it) => it.refresh(now)),
    lookup: (name) => ask((it) => it.lookup(name)),
    fetch: (target) => ask((it) => it.fetch(target)),
    role: (role) => ask((it) => it.role(role)),
    remembered: (name) => look((it) => it.remembered(name), undefined),
    versions: () => look((it) => it.versions(), { root: 0, timestamp: 0, snapshot: 0, role: 0 }),
    timeFloor: () =>
      Math.max(
        floor,
        look((it) => it.timeFloor(), builtAt),
      ),
    raiseTimeFloor: (to) => {
      floor = Math.max(floor, to);
      look((it) => it.raiseTimeFloor(to), undefined);
    },
    lastAssignment: () => {
      const kept = look((it) => it.lastAssignment(), undefined);
      return last && last.seq >= (kept?.seq ?? 0) ? last : kept;
    },
    rememberAssignment: (seq, sha256) => {
      last = { seq, sha256 };
      look((it) => it.rememberAssignment(seq, sha256), undefined);
    },
    close: () => store?.close(),
  };
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Failure) return error.refusal;
  const lost = isDamage(error);
  const code = saySystemError(error);
  if (!lost && code === undefined) return undefined;
  const full = isFull(error);
  return {
    phase: 'verify',
    element: TRUST_DATABASE,
    category: lost ? 'store_damaged' : full ? 'disk_full' : 'io',
    detail: `The trust database can't be used (${code ?? 'damaged'}); nothing new is believed, what runs keeps running.`,
    retryable: !lost,
    hint: lost
      ? 'Check the disk, then move the file away: trust begins again from the pinned root, and forgets what it has seen.'
      : full
        ? "Free space on the file system of the agent's root folder."
        : 'Check the disk and how it is mounted (dmesg, mount).',
  };
}

const UNKNOWN: Refusal = {
  phase: 'verify',
  element: TRUST_DATABASE,
  category: 'io',
  detail: 'The trust database is not open.',
  retryable: true,
  hint: 'Check the disk and how it is mounted (dmesg, mount).',
};
