/** The signed policy of an environment, as robots see it. */
import type { EnvironmentName } from '@fairlead/shared/ids';
import { policyTarget } from '@fairlead/shared/trust/names';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { EnvironmentPolicy } from '@fairlead/shared/trust/targets';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { trustError } from './publisher-trust.ts';

/** `trust` was refreshed. Throws a CliError where the policy cannot be had or does not verify. */
export async function readPolicy(trust: TrustStore, environment: EnvironmentName): Promise<EnvironmentPolicy> {
  const listed = await trust.lookup(policyTarget(environment));
  if (!listed.ok) throw trustError(listed.refused);
  const bytes = await trust.fetch(listed.value);
  if (!bytes.ok) throw trustError(bytes.refused);
  return parseOwn(EnvironmentPolicy, Buffer.from(bytes.value).toString('utf8'));
}
