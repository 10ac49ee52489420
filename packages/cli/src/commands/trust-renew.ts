/** `fairlead trust renew`: the same things signed again, before robots stop believing them. */
import { type Instant, toTimestamp } from '@fairlead/shared/time';
import type { TufTrustStore } from '@fairlead/toolkit/trust/tuf-trust-store';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { publishRoleChange } from '../release/publish-role-change.ts';
import { askOrStop, type Sure } from '../trust/ask-or-stop.ts';
import { listKeys } from '../trust/key-files.ts';
import { askDirector, type Director, planRenewal, renewedUntil } from '../trust/plan-renewal.ts';
import { refreshTrust, type SignedRole, withTrust } from '../trust/publisher-trust.ts';
import { dueRoles, RENEWABLE, readExpiries } from '../trust/role-expiries.ts';
import { expiryJson, tellExpiries } from '../trust/tell-expiries.ts';
import { type KeyOptions, unlockKeys, withKey } from '../trust/unlock-key.ts';

type RenewOptions = KeyOptions & { readonly role?: readonly SignedRole[] } & Sure;

export function addRenewCommand(trust: Command, context: CliContext): void {
  withKey(trust.command('renew').description('sign again what is near its end; targets renews the director key too'))
    .addOption(
      new Option('--role <role...>', 'these roles, due or not; default: what is due and has its key here').choices(
        RENEWABLE,
      ),
    )
    .option('--yes', 'do not ask')
    .action((options: RenewOptions) => withTrust(context, (store) => renew(context, store, options)));
}

async function renew(context: CliContext, trust: TufTrustStore, options: RenewOptions): Promise<void> {
  const { out } = context;
  const now = Date.now();
  const expiries = await readExpiries(trust);
  tellExpiries(out, expiries, now);
  const roles = options.role ?? (await dueHere(context, dueRoles(expiries, now)));
  if (roles.length === 0) {
    out.done({ renewed: [], roles: expiryJson(expiries, now) }, () =>
      out.line('Nothing is near its end. --role ROLE signs a role again all the same.', 'good'),
    );
    return;
  }
  const director = roles.includes('targets') ? await askDirector(context, trust) : undefined;
  tellRenewal(context, roles, director, now);
  await confirm(context, roles, director, options);
  const signers = await unlockKeys(context, roles, options);
  const renewed: { readonly role: SignedRole; readonly version: number }[] = [];
  for (const [role, signer] of signers) {
    const plan = async () => planRenewal(role, director, Date.now());
    const { version } = await publishRoleChange(context, { trust, role, plan, signer });
    renewed.push({ role, version });
  }
  await refreshTrust(trust);
  const after = await readExpiries(trust);
  out.done({ renewed, roles: expiryJson(after, Date.now()) }, () => {
    out.line(`Signed again: ${renewed.map(({ role, version }) => `${role} version ${version}`).join(', ')}.`, 'good');
    tellExpiries(out, after, Date.now());
  });
}

/** Keys are kept apart on purpose: what cannot be signed here is somebody else's to renew, and is said. */
async function dueHere({ home, out }: CliContext, due: readonly SignedRole[]): Promise<readonly SignedRole[]> {
  const keys = new Set((await listKeys(home)).map(({ role }) => role));
  const absent = due.filter((role) => !keys.has(role));
  if (absent.length > 0 && absent.length === due.length) {
    throw new CliError(`${due.join(', ')} must be signed again, and no such key is here.`, {
      where: home,
      hint: 'Bring the key files: --home DIR, or --role ROLE --key FILE.',
      exitCode: EXIT.refused,
    });
  }
  if (absent.length > 0) out.warn(`${absent.join(', ')} must be signed again too, where that key is.`);
  return due.filter((role) => keys.has(role));
}

function tellRenewal(
  { out }: CliContext,
  roles: readonly SignedRole[],
  director: Director | undefined,
  now: Instant,
): void {
  for (const role of roles) {
    out.line(`${role}: as it is, good until ${toTimestamp(renewedUntil(role, now)).slice(0, 10)}`, 'strong');
    if (role !== 'targets' || !director) continue;
    if (director.isKnown) out.line(`  director key ${director.fingerprint}, the one that robots obey now`);
    else out.line(`  director key ${director.fingerprint}, ANOTHER than robots obey now`, 'warn');
  }
}

async function confirm(
  context: CliContext,
  roles: readonly SignedRole[],
  director: Director | undefined,
  options: RenewOptions,
): Promise<void> {
  // Whoever stands in between could name a key of his own here: only a person can compare it.
  const isStrange = director !== undefined && !director.isKnown;
  if (options.yes === true && isStrange) {
    throw new CliError('The control plane has another director key than the one that is signed.', {
      where: director.fingerprint,
      hint: 'Compare this fingerprint on the server itself, then run it again on a terminal without --yes.',
      exitCode: EXIT.refused,
    });
  }
  const question = isStrange
    ? `Was this fingerprint compared on the server, and shall robots obey it? Sign ${roles.join(', ')}?`
    : `Sign ${roles.join(', ')} again?`;
  await askOrStop(context, options, question);
}
