/** What is published, for people and scripts. */
import type { publishApi, ReleaseView } from '@fairlead/shared/api/publish-api';
import { parseManifest } from '@fairlead/shared/release/parse-manifest';
import { toTimestamp } from '@fairlead/shared/time';
import { asTargetName } from '@fairlead/shared/trust/names';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { Store } from '../store/store.ts';

export function releaseHandlers(store: Store): Handlers<Pick<typeof publishApi, 'listReleases' | 'showRelease'>> {
  return {
    listReleases: async ({ query }) => {
      const limit = query.limit ?? 100;
      const after = query.cursor === undefined ? undefined : await findAfter(store, query.cursor);
      const found = await store.releases.list(query, { after, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items: items.map(viewRelease), ...(found.length > limit && last && { next: last.target }) };
    },
    showRelease: async ({ params }) => {
      const release = await store.releases.find(params.environment, params);
      const text = release && (await store.metadata.target(release.target, release.manifestSha256));
      if (!release || text === undefined) {
        const { environment, component, version } = params;
        throw problem('not_found', `${component}@${version} is not published in ${environment}.`, {
          hint: 'See fairlead release list for what is.',
        });
      }
      const manifest = parseManifest(Buffer.from(text), 'publish');
      if (!manifest.ok) throw new Error(`The stored manifest of ${release.target} does not parse.`);
      return { release: viewRelease(release), manifest: manifest.value };
    },
  };
}

async function findAfter(store: Store, cursor: string): Promise<PublishedRelease> {
  const name = asTargetName(cursor);
  const after = name && (await store.releases.ofTarget(name));
  if (!after) throw problem('bad_request', 'The cursor is not one that this list gave out.');
  return after;
}

const viewRelease = (release: PublishedRelease): ReleaseView => ({
  environment: release.environment,
  component: release.component,
  version: release.version,
  releaseCounter: release.releaseCounter,
  manifestSha256: release.manifestSha256,
  bundleSha256: release.bundleSha256,
  bundleSize: release.bundleSize,
  sizeOnDisk: release.sizeOnDisk,
  publishedAt: toTimestamp(release.publishedAt),
  publishedBy: release.publishedBy,
  ...(release.description !== undefined && { description: release.description }),
  ...(release.revoked && { revoked: { at: toTimestamp(release.revoked.at), by: release.revoked.by } }),
});
