/** What signs: publishing, promoting and revoking. Every one shows what will change and asks before it does. */
import { ENVIRONMENTS, EnvironmentName, type ReleaseRef, sayRelease } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { TrustStore } from '@fairlead/toolkit/trust/trust-store';
import { type Command, InvalidArgumentError } from 'commander';
import { argument, releaseArgument } from '../arguments.ts';
import { CliError, EXIT, refusedError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { noteOnInterrupt } from '../note-on-interrupt.ts';
import { checkReleaseFile } from '../release/check-folder.ts';
import { isPublished, type PublishOrder, planPublish } from '../release/plan-publish.ts';
import { planRevoke, type RevokeOrder } from '../release/plan-revoke.ts';
import { promotion } from '../release/promote-release.ts';
import { publishRoleChange } from '../release/publish-role-change.ts';
import { tellPublish, tellRevoke } from '../release/tell-change.ts';
import { uploadBundle } from '../release/upload-bundle.ts';
import { askOrStop, type Sure } from '../trust/ask-or-stop.ts';
import { readRoleHead, withTrust } from '../trust/publisher-trust.ts';
import { type KeyOptions, unlockKey, withKey } from '../trust/unlock-key.ts';

type SignOptions = KeyOptions & Sure;

export function addPublishCommands(release: Command, context: CliContext): void {
  const signing = (name: string, description: string): Command =>
    withKey(release.command(name).description(description)).option('--yes', 'do not ask');

  signing('publish', 'sign a .fairlead file into an environment and upload it')
    .argument('<file>')
    .requiredOption('--env <environment>', ENVIRONMENTS.join(', '), argument(EnvironmentName))
    .action(async (file: string, options: SignOptions & { readonly env: EnvironmentName }) => {
      const { verifyReleaseFile } = await import('../release/verify-release-file.ts');
      await checkReleaseFile(file);
      const verified = await verifyReleaseFile(file, 'publish');
      if (!verified.ok) throw refusedError(verified.refused);
      const opened = verified.value;
      await withTrust(context, (trust) =>
        publish(context, trust, { ...opened, environment: options.env }, options, async () => {
          const bar = context.out.progress('uploading', opened.manifest.bundle.size);
          try {
            await uploadBundle(context.client().publish, opened, (bytes) => bar.set(bytes));
          } finally {
            bar.stop();
          }
        }),
      );
    });

  signing('promote', 'sign a published release into the next environment: same bytes, new signature')
    .argument('<component@version>', '', releaseArgument)
    .requiredOption('--from <environment>', '', argument(EnvironmentName))
    .requiredOption('--to <environment>', '', argument(EnvironmentName))
    .action(
      async (
        ref: ReleaseRef,
        options: SignOptions & { readonly from: EnvironmentName; readonly to: EnvironmentName },
      ) => {
        const { from, to } = options;
        if (ENVIRONMENTS.indexOf(from) >= ENVIRONMENTS.indexOf(to)) {
          throw new CliError(`Promotion goes ${ENVIRONMENTS.join(' -> ')}.`, { exitCode: EXIT.usage });
        }
        await withTrust(context, async (trust) => {
          const order = await promotion(trust, ref, { from, to });
          await publish(context, trust, order, options, () => Promise.resolve());
        });
      },
    );

  signing('revoke', 'take a release back: no robot will start to install it any more')
    .argument('<component@version>', '', releaseArgument)
    .requiredOption('--env <environment>', '', argument(EnvironmentName))
    .requiredOption('--reason <text>', 'signed and shown on the robots', reasonArgument)
    .option('--never-run', 'robots that run it fall back to their previous release')
    .option('--floor', 'nothing older may be installed any more either')
    .action((ref: ReleaseRef, options: SignOptions & RevokeOptions) =>
      withTrust(context, (trust) => revoke(context, trust, ref, options)),
    );
}

interface RevokeOptions {
  readonly env: EnvironmentName;
  readonly reason: string;
  readonly neverRun?: boolean;
  readonly floor?: boolean;
}

async function publish(
  context: CliContext,
  trust: TrustStore,
  order: PublishOrder,
  options: SignOptions,
  upload: () => Promise<void>,
): Promise<void> {
  const { out } = context;
  const { environment, identity } = order;
  const head = await readRoleHead(trust, environment);
  if (isPublished(head, order)) {
    // The control plane may have lost its bytes since: what is there already is not sent again.
    await upload();
    const what = { environment, ...identity, alreadyPublished: true };
    out.done(what, () => out.line(`${sayRelease(identity)} is published in ${environment} already.`, 'good'));
    return;
  }
  tellPublish(out, head, order, await planPublish(context, trust, head, order));
  await askOrStop(context, options, `Sign and publish to ${environment}?`);
  const signer = await unlockKey(context, environment, options);
  const plan = (newest: typeof head) => planPublish(context, trust, newest, order);
  const listed = `fairlead release list --env ${environment} shows whether it is published.`;
  const print = (): void => out.warn(`Interrupted. ${listed} The same command again goes on where this one stopped.`);
  const { change, version } = await noteOnInterrupt(print, async () => {
    await upload();
    return await publishRoleChange(context, { trust, role: environment, plan, signer });
  });
  const { releaseCounter } = change;
  out.done({ environment, ...identity, releaseCounter, roleVersion: version }, () => {
    out.line(`${sayRelease(identity)} is published in ${environment} as release ${releaseCounter}.`, 'good');
    out.line(`next: fairlead deploy --robot ROBOT --release ${sayRelease(identity)}`, 'dim');
  });
}

async function revoke(
  context: CliContext,
  trust: TrustStore,
  release: ReleaseRef,
  options: SignOptions & RevokeOptions,
) {
  const { out } = context;
  const environment = options.env;
  const severity = options.neverRun === true ? 'never-run' : 'stop';
  const order: RevokeOrder = {
    release,
    environment,
    reason: options.reason,
    severity,
    raiseFloor: options.floor === true,
  };
  const head = await readRoleHead(trust, environment);
  tellRevoke(out, head, order, await planRevoke(trust, head, order));
  await askOrStop(context, options, `Sign and revoke in ${environment}?`);
  const signer = await unlockKey(context, environment, options);
  const plan = (newest: typeof head) => planRevoke(trust, newest, order);
  const { change, version } = await publishRoleChange(context, { trust, role: environment, plan, signer });
  const at = toTimestamp(Date.now());
  out.done(
    { environment, ...release, severity, at, policyVersion: change.policy.version, roleVersion: version },
    () => {
      out.line(
        `${sayRelease(release)} is revoked in ${environment}. Robots that run it keep running it${severity === 'stop' ? '' : ' only until they hear of it'}.`,
        'good',
      );
    },
  );
}

function reasonArgument(text: string): string {
  if (text.trim() !== '' && text.length <= 500) return text;
  throw new InvalidArgumentError('A reason of at most 500 characters is needed.');
}
