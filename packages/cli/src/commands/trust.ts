/** Whom robots believe: setting it up once, pinning it on another machine, looking at it. */
import { readFile } from 'node:fs/promises';
import { createClient } from '@fairlead/shared/api/client';
import { filesApi } from '@fairlead/shared/api/files-api';
import { Sha256 } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { keyIdOf } from '@fairlead/shared/trust/verify-ed25519';
import type { Command } from 'commander';
import { argument } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { initTrust } from '../trust/init-trust.ts';
import { keyFolder } from '../trust/key-files.ts';
import { askPassphrase, type PassphraseOptions, withPassphrase } from '../trust/passphrase.ts';
import { openPublisherTrust, refreshTrust, trustError, withTrust } from '../trust/publisher-trust.ts';
import { dueRoles, readExpiries } from '../trust/role-expiries.ts';
import { expiryJson, tellExpiries } from '../trust/tell-expiries.ts';
import { addRenewCommand } from './trust-renew.ts';

export function addTrustCommands(program: Command, context: CliContext): void {
  const trust = program.command('trust').description('keys and roots that robots believe');
  withPassphrase(
    trust.command('init').description('make all keys and the first signed repository, once, in one step'),
  ).action((options: PassphraseOptions) => init(context, options));
  trust
    .command('pin')
    .description("believe a fleet's root from now on, by its digest")
    .requiredOption('--root-sha256 <hex>', 'as trust init printed it', argument(Sha256))
    .option('--root <file>', 'the first root; default: asked of the control plane and compared')
    .action((options: { readonly rootSha256: Sha256; readonly root?: string }) => pin(context, options));
  trust
    .command('show')
    .description('verify the whole chain now and say until when it holds')
    .action(() => show(context));
  addRenewCommand(trust, context);
}

async function init(context: CliContext, options: PassphraseOptions): Promise<void> {
  const { out } = context;
  const { onlineKeys } = await context.client().publish.trustState();
  out.line(`online keys of ${context.server()}, held by the control plane:`);
  tellKeys(context, Object.entries(onlineKeys));
  const made = await initTrust(context, () =>
    askPassphrase(context, 'New passphrase of the offline keys', options, true),
  );
  out.done(made, () => {
    if (made.keys.length > 0) out.line('offline keys, made here:');
    tellKeys(
      context,
      made.keys.map(({ role, publicKey }) => [role, publicKey]),
    );
    out.line(`root sha256 ${made.rootSha256}`, 'strong');
    out.line('Robots and other publishers pin this digest (--root-sha256). Keep it where the server cannot change it.');
    out.line(
      `The keys are in ${keyFolder(context.home)}, encrypted. Back them up, and take root.json and targets.json off`,
    );
    out.line(
      'this machine: they are needed once a year. Every role has one key and a threshold of 1, so one stolen key',
    );
    out.line('with its passphrase is enough; a root rotation raises that later without touching a robot.');
  });
}

async function pin(context: CliContext, { rootSha256, root }: { readonly rootSha256: Sha256; readonly root?: string }) {
  const bytes = root === undefined ? await fetchFirstRoot(context) : await readFile(root);
  // Trust on first use is what this digest is there to prevent: the server may hand out any root it likes.
  if (sha256Hex(bytes) !== rootSha256) {
    throw new CliError(`This root has another digest: ${sha256Hex(bytes)}.`, {
      where: root ?? context.server(),
      hint: 'Compare the digest with the one that trust init printed. Do not publish to this server before they agree.',
      exitCode: EXIT.refused,
    });
  }
  const store = await openPublisherTrust(context);
  try {
    const pinned = await store.pinRoot(bytes);
    if (!pinned.ok) throw trustError(pinned.refused);
    await refreshTrust(store);
    context.out.done({ rootSha256, versions: store.versions() }, () => {
      context.out.line(`${context.server()} is believed from this root on; its whole chain verifies.`, 'good');
    });
  } finally {
    store.close();
  }
}

const fetchFirstRoot = ({ server, transport }: CliContext): Promise<Uint8Array> =>
  createClient(filesApi, { baseUrl: server(), transport }).metadata({ params: { file: '1.root.json' } });

async function show(context: CliContext): Promise<void> {
  const { out } = context;
  const state = await context.client().publish.trustState();
  await withTrust(context, async (store) => {
    const now = Date.now();
    const expiries = await readExpiries(store);
    out.done({ ...state, versions: store.versions(), roles: expiryJson(expiries, now) }, () => {
      out.line(`The chain of ${context.server()} verifies from the pinned root.`, 'good');
      tellExpiries(out, expiries, now);
      const due = dueRoles(expiries, now);
      if (due.length > 0) out.line(`next: fairlead trust renew (${due.join(', ')})`, 'warn');
      out.line('online keys, held by the control plane:');
      tellKeys(context, Object.entries(state.onlineKeys));
    });
  });
}

function tellKeys({ out }: CliContext, keys: readonly (readonly [string, string])[]): void {
  for (const [role, publicKey] of keys) out.line(`  ${role.padEnd(12)} ${keyIdOf(publicKey)}`, 'dim');
}
