/**
 * The publisher's own verified view of the repository (TRUST 4.4 step 2): nobody signs on top of what a server
 * merely says. One home, one fleet: whatever address the control plane is reached at, the root stays the same.
 */
import { join } from 'node:path';
import type { EnvironmentName } from '@fairlead/shared/ids';
import { TargetsMetadata, type TargetsSigned } from '@fairlead/shared/trust/metadata';
import { parseOwn } from '@fairlead/shared/trust/parse-own';
import { makeFolderDurably } from '@fairlead/toolkit/durable-files';
import type { TrustRefusal, TrustStore } from '@fairlead/toolkit/trust/trust-store';
import type { TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

/** No time before this program was made can be true. 2026-11-01. */
const BUILT_AT = Date.UTC(2026, 10, 1);

/** Holds `trust.db`, and the first repository where it was made here. */
export const trustFolder = ({ home }: CliContext): string => join(home, 'trust');

/** The caller closes it. */
export async function openPublisherTrust(context: CliContext): Promise<TufTrustStore> {
  const folder = trustFolder(context);
  await makeFolderDurably(folder, 0o700);
  // With tuf-js and SQLite: only what signs or verifies waits for them.
  const { openTufTrustStore } = await import('@fairlead/toolkit/trust/tuf-trust-store');
  const { fetchBy } = await import('@fairlead/toolkit/trust/fetch-bytes');
  return openTufTrustStore({
    file: join(folder, 'trust.db'),
    baseUrl: `${context.server()}/tuf`,
    builtAt: BUILT_AT,
    fetchBytes: fetchBy(context.send),
  });
}

/** Opened, refreshed and closed around `work`. */
export async function withTrust(context: CliContext, work: (trust: TufTrustStore) => Promise<void>): Promise<void> {
  const trust = await openPublisherTrust(context);
  try {
    await refreshTrust(trust);
    await work(trust);
  } finally {
    trust.close();
  }
}

/** Refreshes from the pinned root. Throws a CliError where anything does not verify. */
export async function refreshTrust(trust: TrustStore): Promise<void> {
  const refreshed = await trust.refresh(Date.now());
  if (!refreshed.ok) throw trustError(refreshed.refused);
}

/** The roles that are signed again and again, with keys in the hands of people. */
export type SignedRole = 'targets' | EnvironmentName;

export interface RoleHead {
  /** Exact text of the newest published version, verified. */
  readonly text: string;
  readonly signed: TargetsSigned;
}

/** What a role says now, also where it has expired; call `refreshTrust` first. */
export async function readRoleHead(trust: TrustStore, name: SignedRole): Promise<RoleHead> {
  const role = await trust.role(name);
  if (!role.ok) throw trustError(role.refused);
  return { text: role.value, signed: parseOwn(TargetsMetadata, role.value).signed };
}

export function trustError({ code, detail }: TrustRefusal): CliError {
  const exitCode = code === 'unavailable' || code === 'slow' ? EXIT.unreachable : EXIT.refused;
  return new CliError(`The control plane's signed metadata is not accepted: ${detail} (${code}).`, {
    hint: HINTS[code] ?? 'Do not publish. Find out who changed the repository, or what stands in between.',
    exitCode,
  });
}

const HINTS: Partial<Record<TrustRefusal['code'], string>> = {
  no_root: 'Pin the root once: fairlead trust pin --root-sha256 HEX, with the digest that trust init printed.',
  expired: 'Is the clock of this machine right? Otherwise the control plane has stopped renewing its metadata.',
  unavailable: 'Is the control plane running, and was trust init done?',
  slow: 'The network is too slow or the server hangs. Try again.',
};
