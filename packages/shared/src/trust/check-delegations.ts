/** The two offline documents that say who may sign what: root and the (almost empty) targets role. */
import type { Refusal } from '../failure.ts';
import { ENVIRONMENTS } from '../ids.ts';
import { parse } from '../parse.ts';
import { fromTimestamp, type Instant } from '../time.ts';
import { checkText } from './check-environment-role.ts';
import type { RootSigned, TargetsSigned } from './metadata.ts';
import { DIRECTOR_TARGET, rolePatterns } from './names.ts';
import { checkKeyTable, checkRoleKeys } from './read-metadata.ts';
import { refusePublish } from './refuse-publish.ts';
import type { OnlinePublicKeys } from './repository.ts';
import { parseStrictJson } from './strict-json.ts';
import { DirectorKeys } from './targets.ts';
import { keyIdOf } from './verify-ed25519.ts';

/** Undefined where this root can be lived with: sound keys, reachable thresholds, and this server's online keys. */
export function checkRootContent(root: RootSigned, online: OnlinePublicKeys): Refusal | undefined {
  const bad = checkKeyTable('root', root.keys);
  if (bad) return bad;
  for (const [role, keys] of Object.entries(root.roles)) {
    const unmet = checkRoleKeys(role, keys, root.keys);
    if (unmet) return unmet;
  }
  for (const role of ['snapshot', 'timestamp'] as const) {
    const { keyids, threshold } = root.roles[role];
    if (threshold === 1 && keyids.includes(keyIdOf(online[role]))) continue;
    const hint = 'Name the key that GET /api/v1/trust shows, with threshold 1.';
    return refusePublish(role, 'keys', `Root does not let this server sign ${role}.`, hint);
  }
  return undefined;
}

/** Undefined where targets delegates exactly the three environments and names this server's director key. */
export function checkTargetsContent(order: {
  readonly targets: TargetsSigned;
  /** Text of trust/director.json; undefined where it is unchanged. */
  readonly directorText: string | undefined;
  readonly directorChanged: boolean;
  readonly online: OnlinePublicKeys;
  readonly now: Instant;
}): Refusal | undefined {
  const { delegations, targets } = order.targets;
  const strange = Object.keys(targets).find((name) => name !== DIRECTOR_TARGET);
  if (strange !== undefined) return refusePublish(strange, 'name', 'The targets role signs trust/director.json only.');
  const director = targets[DIRECTOR_TARGET];
  if (!director) return refusePublish(DIRECTOR_TARGET, 'missing_text', 'The targets role must name the director keys.');
  if (!delegations) return refusePublish('targets', 'keys', 'The targets role must delegate the environments.');
  const bad = checkKeyTable('targets', delegations.keys);
  if (bad) return bad;
  if (delegations.roles.length !== ENVIRONMENTS.length) {
    return refusePublish('targets', 'keys', `It delegates ${delegations.roles.length} roles, not three.`);
  }
  for (const environment of ENVIRONMENTS) {
    const role = delegations.roles.find(({ name }) => name === environment);
    const exact = JSON.stringify(role?.paths) === JSON.stringify(rolePatterns(environment));
    if (!role?.terminating || !exact) {
      return refusePublish(
        environment,
        'keys',
        `It must be delegated ${rolePatterns(environment).join(', ')}, terminating.`,
      );
    }
    const unmet = checkRoleKeys(environment, role, delegations.keys);
    if (unmet) return unmet;
  }
  if (!order.directorChanged) return undefined;
  return checkText(DIRECTOR_TARGET, director, order.directorText) ?? checkDirector(order.directorText ?? '', order);
}

function checkDirector(text: string, { online, now }: { online: OnlinePublicKeys; now: Instant }): Refusal | undefined {
  const json = parseStrictJson(text);
  const parsed = json.ok ? parse(DirectorKeys, json.value) : undefined;
  if (!parsed?.ok) return refusePublish(DIRECTOR_TARGET, 'bad_json', 'It is not a list of director keys.');
  const wrong = parsed.value.keys.find((key) => keyIdOf(key.public) !== key.keyid);
  if (wrong) return refusePublish(DIRECTOR_TARGET, 'keyid', `Key ${wrong.keyid} is not what its id says.`);
  const ours = parsed.value.keys.find((key) => key.public === online.director);
  if (ours && fromTimestamp(ours.expires) > now) return undefined;
  return refusePublish(DIRECTOR_TARGET, 'keys', "It does not name this server's director key, or names it expired.");
}
