/**
 * A newly signed role comes in (TRUST 4.4 step 5). Everything is verified again and becomes visible in one
 * transaction: the role, its texts, the releases it lists, and the snapshot and timestamp that vouch for it.
 */
import type { publishApi } from '@fairlead/shared/api/publish-api';
import type { RobotId } from '@fairlead/shared/ids';
import { checkRoleUpdate } from '@fairlead/shared/trust/check-role-update';
import type { RepositoryHead, RoleUpdate } from '@fairlead/shared/trust/repository';
import type { CheckBundle } from '@fairlead/toolkit/bundle/bundle';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { Store } from '../store/store.ts';
import { type OnlineSigning, publicKeys } from '../trust/online-signing.ts';
import { readHead } from '../trust/repository-head.ts';
import { type OnlineVersions, onlineVersions, signSnapshot } from '../trust/sign-online.ts';
import { checkBundles } from './check-bundles.ts';
import { listChanges } from './list-changes.ts';
import { refusedProblem } from './refused-problem.ts';
import { withdrawRevoked } from './withdraw-revoked.ts';

export interface PublishDeps {
  readonly store: Store;
  readonly artifacts: ArtifactStore;
  readonly signing: OnlineSigning;
  readonly checkBundle: CheckBundle;
  /** Lets robots whose order changed hear of it at once. */
  readonly wake: (robots: readonly RobotId[]) => void;
  /** After the transaction: entries that are new. */
  readonly onPublished?: (names: readonly string[]) => void;
}
export interface Published extends OnlineVersions {
  readonly version: number;
}

export const publishRoleHandlers = (deps: PublishDeps): Handlers<Pick<typeof publishApi, 'publishRole'>> => ({
  publishRole: ({ params, body, caller }) => publishRole(deps, { role: params.role, ...body }, caller.actor),
});

/** Throws the problem to answer with where anything at all is wrong; then nothing has changed. */
async function publishRole(deps: PublishDeps, update: RoleUpdate, by: string): Promise<Published> {
  const { store, artifacts, checkBundle, signing } = deps;
  const bundles = await checkBundles(
    { artifacts, releases: store.releases, clock: signing.clock, checkBundle },
    await signedTexts(deps, update),
  );
  if (!bundles.ok) throw refusedProblem(bundles.refused);
  const { published, told, names } = await store.transaction(async (slices) => {
    const head = await readHead(slices.metadata);
    if (!head) throw noTrust();
    // The last answer was lost and the publisher asks again: it is published already.
    if (textOf(head, update.role) === update.metadata) {
      const versions = await onlineVersions(slices.metadata);
      return { published: { version: update.base + 1, ...versions }, told: [], names: [] };
    }
    const now = signing.clock.now();
    const online = publicKeys(signing.keys);
    const checked = checkRoleUpdate({ update, head, online, now, hasBlob: bundles.value });
    if (!checked.ok) throw refusedProblem(checked.refused);
    const { role, version } = checked.value;
    await slices.metadata.add({ role, version, text: update.metadata }, now);
    const refused = await listChanges(slices, { update, changed: checked.value.changed, now, by });
    if (refused) throw refusedProblem(refused);
    const told = await withdrawRevoked(slices, { names: update.removes, now, by });
    const names = checked.value.changed.map(({ name }) => name);
    const detail = sayUpdate(update, version, names);
    await slices.audit.append({ at: now, by, action: 'role.publish', element: role, detail });
    return {
      published: { version, ...(await signSnapshot(slices.metadata, checked.value.head, signing)) },
      told,
      names,
    };
  });
  deps.wake(told);
  deps.onPublished?.(names);
  return published;
}

/**
 * The texts that the signatures of this role vouch for, checked before one bundle is unpacked: a login or an API token alone
 * makes this server read no gigabytes. The transaction checks everything again, on the metadata of then.
 */
async function signedTexts({ store, signing }: PublishDeps, update: RoleUpdate): Promise<RoleUpdate['texts']> {
  const head = await readHead(store.metadata);
  if (!head) throw noTrust();
  if (textOf(head, update.role) === update.metadata) return {};
  const online = publicKeys(signing.keys);
  // A blob that is missing is refused in the transaction, beside everything else.
  const checked = checkRoleUpdate({ update, head, online, now: signing.clock.now(), hasBlob: () => true });
  if (!checked.ok) throw refusedProblem(checked.refused);
  const signed = new Set(checked.value.changed.map(({ name }) => name));
  return Object.fromEntries(Object.entries(update.texts).filter(([name]) => signed.has(name)));
}

/** Names as signed: releases/production/duck-policy/2.1.0.json. */
function sayUpdate({ removes }: RoleUpdate, version: number, names: readonly string[]): string {
  const added = names.length === 0 ? '' : ` It adds or changes ${names.join(', ')}.`;
  const removed = removes.length === 0 ? '' : ` It takes away ${removes.join(', ')}.`;
  return `Version ${version} was signed elsewhere and verified here.${added}${removed}`;
}

const textOf = (head: RepositoryHead, role: RoleUpdate['role']): string =>
  role === 'root' || role === 'targets' ? head[role] : head.roles[role];

const noTrust = () =>
  problem('unavailable', 'This control plane has no trusted root yet.', { hint: 'Run fairlead trust init first.' });
