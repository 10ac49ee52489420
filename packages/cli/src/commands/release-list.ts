/** What is published. */
import { createClient } from '@fairlead/shared/api/client';
import { filesApi } from '@fairlead/shared/api/files-api';
import { ComponentName, EnvironmentName, type ReleaseRef, sayRelease } from '@fairlead/shared/ids';
import { withFiles } from '@fairlead/shared/release/file-list';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { Command } from 'commander';
import { ago } from '../ago.ts';
import { allPages } from '../all-pages.ts';
import { argument, releaseArgument } from '../arguments.ts';
import { refusedError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import type { Cell } from '../output.ts';
import { sayBytes } from '../release/say-bytes.ts';

export function addListCommands(release: Command, context: CliContext): void {
  const { out } = context;
  release
    .command('list')
    .description('published releases, newest first')
    .option('--env <environment>', 'only of this one', argument(EnvironmentName))
    .option('--component <name>', 'only of this one', argument(ComponentName))
    .action(async ({ env, component }: { readonly env?: EnvironmentName; readonly component?: ComponentName }) => {
      const only = { ...(env && { environment: env }), ...(component && { component }) };
      const items = await allPages((page) => context.client().publish.listReleases({ query: { ...only, ...page } }));
      out.done({ items }, () => {
        if (items.length === 0) return out.line('Nothing is published yet.', 'dim');
        out.table(
          ['RELEASE', 'ENVIRONMENT', 'COUNTER', 'SIZE', 'PUBLISHED', 'BY', 'STATE'],
          items.map((it) => {
            const state: Cell = it.revoked ? { text: 'revoked', tone: 'bad' } : { text: 'published', tone: 'good' };
            return [
              sayRelease(it),
              it.environment,
              it.releaseCounter,
              sayBytes(it.bundleSize),
              ago(it.publishedAt, Date.now()),
              it.publishedBy,
              state,
            ];
          }),
        );
      });
    });

  release
    .command('show')
    .description('one release and what is in it')
    .argument('<component@version>', '', releaseArgument)
    .requiredOption('--env <environment>', '', argument(EnvironmentName))
    .action(async (ref: ReleaseRef, { env }: { readonly env: EnvironmentName }) => {
      const shown = await context.client().publish.showRelease({ params: { environment: env, ...ref } });
      const { release: view } = shown;
      const { files } = await filesOf(shown.manifest, context);
      out.done({ ...shown, manifest: { ...shown.manifest, files } }, () => {
        out.line(`${sayRelease(view)} in ${view.environment}`, 'strong');
        for (const line of view.description?.trim().split('\n') ?? []) out.line(line);
        if (view.revoked) out.line(`revoked ${view.revoked.at} by ${view.revoked.by}`, 'bad');
        out.line(`release ${view.releaseCounter}, published ${view.publishedAt} by ${view.publishedBy}`);
        out.line(`manifest ${view.manifestSha256}`, 'dim');
        out.table(
          ['FILE', 'MODE', 'SIZE', 'SHA-256'],
          files.map(({ path, mode, size, sha256 }) => [path, `0${mode.toString(8)}`, size, sha256.slice(0, 12)]),
        );
      });
    });
}

/** A list of files by digest is a blob of its own; it is compared with that digest before anything of it is shown. */
async function filesOf(manifest: Manifest, context: CliContext) {
  const { fileList } = manifest;
  const options = { baseUrl: context.server(), transport: context.transport, authorise: context.authorise };
  const list = fileList && (await createClient(filesApi, options).blob({ params: { sha256: fileList.sha256 } }));
  const listed = withFiles(manifest, list, 'publish');
  if (!listed.ok) throw refusedError(listed.refused);
  return listed.value;
}
