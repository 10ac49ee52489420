/** The names that may be asked of the TUF repository. Everything else is refused before any look-up (attack 29). */
import { type ComponentName, ENVIRONMENTS, type EnvironmentName, type ReleaseRef, type Version } from '../ids.ts';

declare const brand: unique symbol;
/** A TUF target name that passed the allow-list. */
export type TargetName = string & { readonly [brand]: 'TargetName' };

export const DIRECTOR_TARGET = 'trust/director.json' as TargetName;
const RELEASE = /^releases\/(development|staging|production)\/[a-z0-9][a-z0-9._+-]{0,120}\.json$/;
const POLICY = /^policy\/(development|staging|production)\.json$/;

/** Parses a target name, or undefined where it is not one that Fairlead uses. */
export function asTargetName(text: string): TargetName | undefined {
  return RELEASE.test(text) || POLICY.test(text) || text === DIRECTOR_TARGET ? (text as TargetName) : undefined;
}

export const releaseTarget = (environment: EnvironmentName, release: ReleaseRef): TargetName =>
  `releases/${environment}/${release.component}-${release.version}.json` as TargetName;
export const policyTarget = (environment: EnvironmentName): TargetName => `policy/${environment}.json` as TargetName;

/** The environment a target belongs to; undefined for `trust/…`, which belongs to all. */
export function environmentOf(name: TargetName): EnvironmentName | undefined {
  const segment = name.split('/')[1];
  return ENVIRONMENTS.find((environment) => segment === environment || segment === `${environment}.json`);
}

/** The delegation patterns of an environment's role. `*` never crosses a slash. */
export const rolePatterns = (environment: EnvironmentName): readonly string[] => [
  `releases/${environment}/*`,
  `policy/${environment}.json`,
];

export type { ComponentName, Version };
