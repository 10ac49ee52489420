/** What the server asks of the very first root, targets and environment roles, before it adds its own two. */
import { accept, type Refusal, type Result, refuse } from '../failure.ts';
import { ENVIRONMENTS, type EnvironmentName, type Sha256 } from '../ids.ts';
import type { Instant } from '../time.ts';
import { checkRootContent, checkTargetsContent } from './check-delegations.ts';
import { checkEnvironmentRole } from './check-environment-role.ts';
import { sha256Hex } from './digest.ts';
import { LIFETIMES_MS } from './lifetimes.ts';
import { LIMITS } from './limits.ts';
import { RootMetadata, TargetsMetadata } from './metadata.ts';
import { DIRECTOR_TARGET, policyTarget } from './names.ts';
import { checkExpiry, checkSignatures, readMetadata } from './read-metadata.ts';
import { refusePublish } from './refuse-publish.ts';
import type { FirstRepository, OnlinePublicKeys } from './repository.ts';

/** Accepts with the root's digest: what an installer compares before it pins the root (TRUST 4.11). */
export function checkFirstRepository(
  first: FirstRepository,
  { online, now }: { readonly online: OnlinePublicKeys; readonly now: Instant },
): Result<{ readonly rootSha256: Sha256 }> {
  const root = readMetadata(RootMetadata, first.root, { name: 'root', maxBytes: LIMITS.rootBytes });
  if (!root.ok) return root;
  const targets = readMetadata(TargetsMetadata, first.targets, { name: 'targets', maxBytes: LIMITS.roleBytes });
  if (!targets.ok) return targets;
  const [rootSigned, targetsSigned] = [root.value.signed, targets.value.signed];
  const refused =
    checkFirstVersion('root', rootSigned.version) ??
    checkRootContent(rootSigned, online) ??
    checkSignatures('root', root.value, rootSigned.roles.root, rootSigned.keys) ??
    checkExpiry('root', rootSigned.expires, now, LIFETIMES_MS.root) ??
    checkFirstVersion('targets', targetsSigned.version) ??
    checkSignatures('targets', targets.value, rootSigned.roles.targets, rootSigned.keys) ??
    checkExpiry('targets', targetsSigned.expires, now, LIFETIMES_MS.targets) ??
    checkTargetsContent({
      targets: targetsSigned,
      directorText: first.texts[DIRECTOR_TARGET],
      directorChanged: true,
      online,
      now,
    });
  if (refused) return refuse(refused);
  for (const environment of ENVIRONMENTS) {
    const wrong = checkFirstEnvironment(first, environment, targetsSigned.delegations, now);
    if (wrong) return refuse(wrong);
  }
  return accept({ rootSha256: sha256Hex(first.root) });
}

function checkFirstEnvironment(
  first: FirstRepository,
  environment: EnvironmentName,
  delegations: TargetsMetadata['signed']['delegations'],
  now: Instant,
): Refusal | undefined {
  const text = first.roles[environment];
  const read = readMetadata(TargetsMetadata, text, { name: environment, maxBytes: LIMITS.roleBytes });
  if (!read.ok) return read.refused;
  const { signed } = read.value;
  const role = delegations?.roles.find(({ name }) => name === environment);
  if (!role || !delegations) return refusePublish(environment, 'keys', 'Nobody may sign it.');
  const policy = policyTarget(environment);
  const missing = Object.hasOwn(signed.targets, policy)
    ? undefined
    : refusePublish(policy, 'missing_text', 'The policy is missing.');
  return (
    checkFirstVersion(environment, signed.version) ??
    checkSignatures(environment, read.value, role, delegations.keys) ??
    checkExpiry(environment, signed.expires, now, LIFETIMES_MS[environment]) ??
    missing ??
    // A first repository lists no releases: there is no blob yet that they could name.
    checkEnvironmentRole({
      environment,
      before: undefined,
      next: signed,
      texts: first.texts,
      removes: [],
      hasBlob: () => false,
    })
  );
}

const checkFirstVersion = (role: string, version: number): Refusal | undefined =>
  version === 1 ? undefined : refusePublish(role, 'version', `It is version ${version}; the first one is 1.`);
