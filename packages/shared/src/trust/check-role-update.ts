/**
 * Everything the server asks of a newly signed role before one byte of it becomes visible (TRUST 4.4 step 5).
 * Pure: the caller reads the head and stores the outcome inside one transaction.
 */
import { accept, type Refusal, type Result, refuse } from '../failure.ts';
import { ENVIRONMENTS } from '../ids.ts';
import type { Instant } from '../time.ts';
import { checkRootContent, checkTargetsContent } from './check-delegations.ts';
import { changedEntries, checkEnvironmentRole, type EntryChange } from './check-environment-role.ts';
import type { HasBlob } from './check-release-entry.ts';
import { LIFETIMES_MS, type OfflineRoleName } from './lifetimes.ts';
import { LIMITS } from './limits.ts';
import { type Delegation, RootMetadata, TargetsMetadata } from './metadata.ts';
import { DIRECTOR_TARGET } from './names.ts';
import { parseOwn } from './parse-own.ts';
import { checkExpiry, checkSignatures, readMetadata } from './read-metadata.ts';
import { refusePublish } from './refuse-publish.ts';
import type { OnlinePublicKeys, RepositoryHead, RoleUpdate } from './repository.ts';

export interface CheckRoleUpdateOrder {
  readonly update: RoleUpdate;
  readonly head: RepositoryHead;
  readonly online: OnlinePublicKeys;
  readonly now: Instant;
  readonly hasBlob: HasBlob;
}
export interface CheckedRoleUpdate {
  readonly role: OfflineRoleName;
  readonly version: number;
  /** The head after this update; snapshot and timestamp follow from it. */
  readonly head: RepositoryHead;
  /** Entries that are new or changed; their texts become visible with the role. Empty for root. */
  readonly changed: readonly EntryChange[];
}

/** Refused with category `version_conflict` (retryable) where somebody else was faster. */
export function checkRoleUpdate(order: CheckRoleUpdateOrder): Result<CheckedRoleUpdate> {
  if (order.update.role === 'root') return checkRoot(order);
  if (order.update.role === 'targets') return checkTargets(order);
  return checkEnvironment(order, order.update.role);
}

function checkRoot({ update, head, online, now }: CheckRoleUpdateOrder): Result<CheckedRoleUpdate> {
  const read = readMetadata(RootMetadata, update.metadata, { name: 'root', maxBytes: LIMITS.rootBytes });
  if (!read.ok) return read;
  const next = read.value;
  const before = parseOwn(RootMetadata, head.root).signed;
  const refused =
    checkVersion(update, before.version, next.signed.version) ??
    // Both the old and the new root keys must agree (spec 5.3.4), or one stolen new key would be enough.
    checkSignatures('root', next, before.roles.root, before.keys) ??
    checkSignatures('root', next, next.signed.roles.root, next.signed.keys) ??
    checkExpiry('root', next.signed.expires, now, LIFETIMES_MS.root) ??
    checkRootContent(next.signed, online) ??
    // Robots read the new root first: what is published must hold under it, or the whole fleet stops.
    checkSignatures('targets', parseOwn(TargetsMetadata, head.targets), next.signed.roles.targets, next.signed.keys);
  if (refused) return refuse(refused);
  return accept({ role: 'root', version: next.signed.version, head: { ...head, root: update.metadata }, changed: [] });
}

function checkTargets({ update, head, online, now }: CheckRoleUpdateOrder): Result<CheckedRoleUpdate> {
  const read = readMetadata(TargetsMetadata, update.metadata, { name: 'targets', maxBytes: LIMITS.roleBytes });
  if (!read.ok) return read;
  const next = read.value;
  const root = parseOwn(RootMetadata, head.root).signed;
  const before = parseOwn(TargetsMetadata, head.targets).signed;
  const changed = changedEntries(before, next.signed);
  const refused =
    checkVersion(update, before.version, next.signed.version) ??
    checkSignatures('targets', next, root.roles.targets, root.keys) ??
    checkExpiry('targets', next.signed.expires, now, LIFETIMES_MS.targets) ??
    checkTargetsContent({
      targets: next.signed,
      directorText: update.texts[DIRECTOR_TARGET],
      directorChanged: changed.length > 0,
      online,
      now,
    }) ??
    checkEnvironmentsHold(next.signed.delegations?.roles ?? [], next.signed.delegations?.keys ?? {}, head);
  if (refused) return refuse(refused);
  const { version } = next.signed;
  return accept({ role: 'targets', version, head: { ...head, targets: update.metadata }, changed });
}

/** Changed delegations must still vouch for the environment roles that are published now. */
function checkEnvironmentsHold(
  roles: readonly Delegation[],
  keys: Parameters<typeof checkSignatures>[3],
  head: RepositoryHead,
): Refusal | undefined {
  for (const environment of ENVIRONMENTS) {
    const role = roles.find(({ name }) => name === environment);
    const current = parseOwn(TargetsMetadata, head.roles[environment]);
    const refused = role && checkSignatures(environment, current, role, keys);
    if (refused)
      return { ...refused, hint: `Sign ${environment} with old and new keys first, then change who may sign.` };
  }
  return undefined;
}

function checkEnvironment(
  order: CheckRoleUpdateOrder,
  environment: (typeof ENVIRONMENTS)[number],
): Result<CheckedRoleUpdate> {
  const { update, head, now } = order;
  const read = readMetadata(TargetsMetadata, update.metadata, { name: environment, maxBytes: LIMITS.roleBytes });
  if (!read.ok) return read;
  const next = read.value;
  const before = parseOwn(TargetsMetadata, head.roles[environment]).signed;
  const { delegations } = parseOwn(TargetsMetadata, head.targets).signed;
  const role = delegations?.roles.find(({ name }) => name === environment);
  if (!delegations || !role) throw new TypeError(`the stored targets role does not delegate ${environment}`);
  const refused =
    checkVersion(update, before.version, next.signed.version) ??
    checkSignatures(environment, next, role, delegations.keys) ??
    checkExpiry(environment, next.signed.expires, now, LIFETIMES_MS[environment]) ??
    checkEnvironmentRole({
      environment,
      before,
      next: next.signed,
      texts: update.texts,
      removes: update.removes,
      hasBlob: order.hasBlob,
    });
  if (refused) return refuse(refused);
  return accept({
    role: environment,
    version: next.signed.version,
    head: { ...head, roles: { ...head.roles, [environment]: update.metadata } },
    changed: changedEntries(before, next.signed),
  });
}

function checkVersion(update: RoleUpdate, current: number, next: number): Refusal | undefined {
  const { role, base } = update;
  if (base !== current) {
    const detail = `It was made from version ${base}, and ${current} is published by now.`;
    return refusePublish(
      role,
      'version_conflict',
      detail,
      'Read the newest version, add your entry again, sign again.',
    );
  }
  if (next === current + 1) return undefined;
  return refusePublish(role, 'version', `It is version ${next}; ${current + 1} was expected.`);
}
