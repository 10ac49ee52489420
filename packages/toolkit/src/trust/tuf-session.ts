/** One tuf-js Updater, held at one moment in time, over a scratch copy of what is trusted. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { Instant } from '@fairlead/shared/time';
import type { TargetFile } from '@tufjs/models';
import { Updater } from 'tuf-js';
import { TrustedMetadataStore } from 'tuf-js/dist/store.js';
import { checkedFetcher } from './checked-fetcher.ts';
import { explainTufError } from './explain-tuf-error.ts';
import type { FetchBytes } from './fetch-bytes.ts';
import { makeScratchFolder } from './scratch-folder.ts';
import type { MetadataFiles } from './trust-database.ts';
import type { TrustProfile } from './trust-profile.ts';
import type { TrustRefusal } from './trust-store.ts';

/** A target as a role lists it. */
export type Target = Pick<TargetFile, 'length' | 'hashes' | 'unrecognizedFields'>;

export interface TufSession {
  refresh(): Promise<Result<void, TrustRefusal>>;
  /** Undefined where no role lists the name. May fetch delegated roles. */
  find(name: string): Promise<Result<Target | undefined, TrustRefusal>>;
  /** Everything verified so far, also after a refusal: each file was written only once it had been verified. */
  files(): Map<string, Buffer>;
  end(): void;
}

/** Refused where the stored root is not one. Call `end` in every case of success. */
export function beginTufSession(order: {
  readonly trusted: MetadataFiles;
  readonly metadataUrl: string;
  readonly fetchBytes: FetchBytes;
  readonly profile: TrustProfile;
  readonly now: Instant;
}): Result<TufSession, TrustRefusal> {
  const { profile } = order;
  const scratch = makeScratchFolder(order.trusted);
  // tuf-js folds the reason into a sentence on its way up, so the last real reason is kept aside.
  let reason: TrustRefusal | undefined;
  const note = (refusal: TrustRefusal) => {
    reason = refusal;
  };
  const attempt = async <T>(work: () => Promise<T>): Promise<Result<T, TrustRefusal>> => {
    reason = undefined;
    try {
      return accept(await work());
    } catch (error) {
      return refuse(reason ?? explainTufError(error));
    }
  };
  try {
    const updater = new Updater({
      metadataDir: scratch.path,
      metadataBaseUrl: order.metadataUrl,
      fetcher: checkedFetcher(order.fetchBytes, profile, note),
      config: {
        rootMaxLength: profile.caps.root,
        timestampMaxLength: profile.caps.timestamp,
        snapshotMaxLength: profile.caps.snapshot,
        targetsMaxLength: profile.caps.role,
        maxDelegations: profile.maxDelegations,
      },
    });
    const trustedSet = trustedSetOf(updater);
    holdTime(trustedSet, order.now);
    noteRefusals(trustedSet, (error) => note(explainTufError(error)));
    return accept({
      refresh: () => attempt(() => updater.refresh()),
      find: (name) => attempt(() => updater.getTargetInfo(name)),
      files: () => scratch.files(),
      end: () => scratch.remove(),
    });
  } catch (error) {
    scratch.remove();
    return refuse({ ...explainTufError(error), code: 'store_damaged', retryable: false });
  }
}

/** tuf-js keeps it private; the version is pinned exactly, and a test fails if it moves. */
function trustedSetOf(updater: Updater): TrustedMetadataStore {
  const trustedSet: unknown = Reflect.get(updater, 'trustedSet');
  if (trustedSet instanceof TrustedMetadataStore) return trustedSet;
  throw new TypeError('tuf-js has changed inside: Updater.trustedSet is gone');
}

/** tuf-js asks the machine for the time; a robot's machine may think it is 1970 (finding 5). */
function holdTime(trustedSet: TrustedMetadataStore, now: Instant): void {
  if (!(Reflect.get(trustedSet, 'referenceTime') instanceof Date)) {
    throw new TypeError('tuf-js has changed inside: TrustedMetadataStore.referenceTime is gone');
  }
  Reflect.set(trustedSet, 'referenceTime', new Date(now));
}

function noteRefusals(trustedSet: TrustedMetadataStore, note: (error: unknown) => void): void {
  for (const name of ['updateRoot', 'updateTimestamp', 'updateSnapshot', 'updateDelegatedTargets'] as const) {
    const original: (...args: never[]) => unknown = trustedSet[name].bind(trustedSet);
    Reflect.set(trustedSet, name, (...args: never[]) => {
      try {
        return original(...args);
      } catch (error) {
        note(error);
        throw error;
      }
    });
  }
}
