/**
 * A new version of an environment's role against the one it replaces (TRUST 4.4 step 5): names stay inside the
 * environment, nothing vanishes or changes by accident, and everything new is present and says the truth.
 */
import type { Refusal } from '../failure.ts';
import type { EnvironmentName } from '../ids.ts';
import { parse } from '../parse.ts';
import { checkReleaseEntry, type HasBlob } from './check-release-entry.ts';
import { sha256Hex } from './digest.ts';
import type { TargetEntry, TargetsSigned } from './metadata.ts';
import { asTargetName, environmentOf, policyTarget } from './names.ts';
import { refusePublish } from './refuse-publish.ts';
import { highestCounter } from './release-entry.ts';
import { parseStrictJson } from './strict-json.ts';
import { EnvironmentPolicy } from './targets.ts';

export interface EntryChange {
  readonly name: string;
  readonly entry: TargetEntry;
}

/** Entries of `next` that `before` does not have, or has otherwise. */
export const changedEntries = (before: TargetsSigned | undefined, next: TargetsSigned): EntryChange[] =>
  Object.entries(next.targets)
    .filter(([name, entry]) => JSON.stringify(before?.targets[name]) !== JSON.stringify(entry))
    .map(([name, entry]) => ({ name, entry }));

/** Undefined where `next` may replace `before` (absent for the first version). */
export function checkEnvironmentRole(order: {
  readonly environment: EnvironmentName;
  readonly before: TargetsSigned | undefined;
  readonly next: TargetsSigned;
  readonly texts: Readonly<Record<string, string>>;
  readonly removes: readonly string[];
  readonly hasBlob: HasBlob;
}): Refusal | undefined {
  const { environment, before, next, removes } = order;
  if (next.delegations) return refusePublish(environment, 'name', 'An environment role delegates to nobody.');
  for (const name of Object.keys(next.targets)) {
    const target = asTargetName(name);
    if (target && environmentOf(target) === environment) continue;
    return refusePublish(name, 'name', `It is not a name that the ${environment} role may sign.`);
  }
  for (const name of Object.keys(before?.targets ?? {})) {
    if (Object.hasOwn(next.targets, name) || removes.includes(name)) continue;
    const hint = 'Another publisher added it: read again and merge. To revoke it, name it in removes.';
    return refusePublish(name, 'removed', 'It is published and missing from the new version.', hint);
  }
  const back = removes.find((name) => Object.hasOwn(next.targets, name) || !Object.hasOwn(before?.targets ?? {}, name));
  if (back !== undefined)
    return refusePublish(back, 'removed', 'It is to be removed, but it still is, or never was, there.');
  for (const change of changedEntries(before, next)) {
    const refused = checkChange(order, change);
    if (refused) return refused;
  }
  return undefined;
}

function checkChange(
  order: Parameters<typeof checkEnvironmentRole>[0],
  { name, entry }: EntryChange,
): Refusal | undefined {
  const { environment, before } = order;
  const isPolicy = name === policyTarget(environment);
  if (!isPolicy && before && Object.hasOwn(before.targets, name)) {
    const hint = 'Give the changed release a new version.';
    return refusePublish(name, 'immutable', 'It is published, and a published version never changes.', hint);
  }
  const text = Object.hasOwn(order.texts, name) ? order.texts[name] : undefined;
  const wrong = checkText(name, entry, text);
  if (wrong || text === undefined) return wrong;
  if (isPolicy) return checkPolicy(name, environment, text);
  return checkReleaseEntry({
    name,
    environment,
    entry,
    text,
    // Removed releases count too: a counter that was used never means another release.
    highestCounter: (component) => (before ? highestCounter(before, component) : 0),
    hasBlob: order.hasBlob,
  });
}

/** Undefined where the text is here and is exactly what the entry signs. */
export function checkText(name: string, entry: TargetEntry, text: string | undefined): Refusal | undefined {
  if (text === undefined) return refusePublish(name, 'missing_text', 'Its text was not handed in.');
  if (Buffer.byteLength(text) !== entry.length) {
    return refusePublish(name, 'length', `Its text has ${Buffer.byteLength(text)} bytes, ${entry.length} are signed.`);
  }
  if (sha256Hex(text) === entry.hashes.sha256) return undefined;
  return refusePublish(name, 'hash', 'Its text is not the one that was signed.');
}

function checkPolicy(name: string, environment: EnvironmentName, text: string): Refusal | undefined {
  const json = parseStrictJson(text);
  if (!json.ok) return refusePublish(name, 'bad_json', `It is not strict JSON: ${json.refused.detail}.`);
  const policy = parse(EnvironmentPolicy, json.value);
  if (!policy.ok) {
    const wrong = policy.refused.map(({ at, message }) => `${at} ${message}`).join('; ');
    return refusePublish(name, 'bad_json', `It is not a policy: ${wrong}.`);
  }
  if (policy.value.environment === environment) return undefined;
  return refusePublish(name, 'wrong_env', `It is the policy of ${policy.value.environment}.`);
}
