/**
 * One change of a role: made on top of what is verified, signed here, handed in. Where another
 * publisher was faster, everything is read again and only our own entries are merged anew (TRUST 4.4 step 6).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ProblemError } from '@fairlead/shared/api/client';
import type { Signer } from '@fairlead/shared/trust/ed25519';
import { LIMITS } from '@fairlead/shared/trust/limits';
import type { TargetName } from '@fairlead/shared/trust/names';
import { makeRoleUpdate, type RoleUpdate } from '@fairlead/shared/trust/repository';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { type RoleHead, readRoleHead, refreshTrust, type SignedRole } from '../trust/publisher-trust.ts';

export interface RoleChange {
  readonly set: readonly { readonly name: TargetName; readonly text: string; readonly custom?: unknown }[];
  readonly remove: readonly TargetName[];
}
export interface RoleChangeOrder<C extends RoleChange> {
  readonly trust: TrustStore;
  readonly role: SignedRole;
  /** Asked again after a lost race; throws where the change no longer makes sense. */
  readonly plan: (head: RoleHead) => Promise<C>;
  readonly signer: Signer;
}
export interface RoleChanged<C extends RoleChange> {
  readonly change: C;
  /** Version of the role that now says so. */
  readonly version: number;
}

const ATTEMPTS = 8;

/** Throws what the control plane refused; a lost race only after several attempts. */
export async function publishRoleChange<C extends RoleChange>(
  context: CliContext,
  { trust, role, plan, signer }: RoleChangeOrder<C>,
): Promise<RoleChanged<C>> {
  for (let attempt = 1; ; attempt++) {
    await refreshTrust(trust);
    const head = await readRoleHead(trust, role);
    const change = await plan(head);
    const update = makeRoleUpdate({
      role,
      current: head.text,
      ...change,
      signers: [signer],
      now: Date.now(),
    });
    refuseTooLong(update);
    try {
      const { role: _, ...body } = update;
      const { version } = await context
        .client()
        .publish.publishRole({ params: { role }, body: { ...body, removes: [...body.removes] } });
      return { change, version };
    } catch (error) {
      if (!isLostRace(error) || attempt === ATTEMPTS) throw error;
      // Full jitter: publishers that met once shall not meet again.
      await pause(Math.random() * 100 * 2 ** attempt);
    }
  }
}

const isLostRace = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.code === 'version_conflict';

function refuseTooLong({ role, metadata }: RoleUpdate): void {
  const length = Buffer.byteLength(metadata);
  if (length <= LIMITS.roleBytes) return;
  throw new CliError(`The ${role} role would have ${length} bytes; robots read at most ${LIMITS.roleBytes}.`, {
    hint: 'Revoke releases that no robot should go back to any more: fairlead release revoke.',
    exitCode: EXIT.refused,
  });
}
