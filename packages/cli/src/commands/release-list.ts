/** What is published. */
import { ComponentName, EnvironmentName, type ReleaseRef, sayRelease } from '@fairlead/shared/ids';
import type { Command } from 'commander';
import { ago } from '../ago.ts';
import { allPages } from '../all-pages.ts';
import { argument, releaseArgument } from '../arguments.ts';
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
      const { release: view, manifest } = shown;
      out.done(shown, () => {
        out.line(`${sayRelease(view)} in ${view.environment}`, 'strong');
        for (const line of view.description?.trim().split('\n') ?? []) out.line(line);
        if (view.revoked) out.line(`revoked ${view.revoked.at} by ${view.revoked.by}`, 'bad');
        out.line(`release ${view.releaseCounter}, published ${view.publishedAt} by ${view.publishedBy}`);
        out.line(`manifest ${view.manifestSha256}`, 'dim');
        out.table(
          ['FILE', 'MODE', 'SIZE', 'SHA-256'],
          manifest.files.map(({ path, mode, size, sha256 }) => [
            path,
            `0${mode.toString(8)}`,
            size,
            sha256.slice(0, 12),
          ]),
        );
      });
    });
}
