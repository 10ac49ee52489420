/** The two small documents that are signed like releases, as robots see them. `trust` was refreshed. */
import type { EnvironmentName } from '@fairlead/shared/ids';
import { DIRECTOR_TARGET, policyTarget, type TargetName } from '@fairlead/shared/trust/names';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { DirectorKeys, EnvironmentPolicy } from '@fairlead/shared/trust/targets';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { trustError } from './publisher-trust.ts';

/** Throws a CliError where the policy cannot be had or does not verify. */
export const readPolicy = async (trust: TrustStore, environment: EnvironmentName): Promise<EnvironmentPolicy> =>
  parseOwn(EnvironmentPolicy, await readTarget(trust, policyTarget(environment)));

/** Whose assignments robots obey. Throws a CliError where that cannot be had or does not verify. */
export const readDirectorKeys = async (trust: TrustStore): Promise<DirectorKeys> =>
  parseOwn(DirectorKeys, await readTarget(trust, DIRECTOR_TARGET));

async function readTarget(trust: TrustStore, name: TargetName): Promise<string> {
  const listed = await trust.lookup(name);
  if (!listed.ok) throw trustError(listed.refused);
  const bytes = await trust.fetch(listed.value);
  if (!bytes.ok) throw trustError(bytes.refused);
  return Buffer.from(bytes.value).toString('utf8');
}
