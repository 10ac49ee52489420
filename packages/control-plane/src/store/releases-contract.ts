import type { ComponentName, EnvironmentName, Version } from '@fairlead/shared/ids';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { policyTarget, releaseTarget } from '@fairlead/shared/trust/names';
import { describe, expect, test } from 'vitest';
import type { PublishedRelease } from './releases.ts';
import type { Store } from './store.ts';

const GIB = 1024 ** 3;

export function publishedRelease(
  name: string,
  { environment = 'development' as EnvironmentName, publishedAt = 1000, releaseCounter = 1 } = {},
): PublishedRelease {
  const [component = '', version = ''] = name.split('@');
  const ref = { component: component as ComponentName, version: version as Version };
  return {
    ...ref,
    environment,
    releaseCounter,
    target: releaseTarget(environment, ref),
    manifestSha256: sha256Hex(name),
    manifestLength: 400,
    bundleSha256: sha256Hex(`bundle of ${name}`),
    bundleSize: 5 * GIB,
    sizeOnDisk: 9 * GIB,
    publishedAt,
    publishedBy: 'eve',
  };
}

export function describeReleases(open: () => Promise<Store>): void {
  describe('signed metadata', () => {
    test('is kept by version, and the newest is found', async () => {
      const { metadata } = await open();
      expect(await metadata.newest('root')).toBeUndefined();
      for (const version of [1, 2, 10]) await metadata.add({ role: 'root', version, text: `root ${version}` }, 1000);
      expect(await metadata.newest('root')).toEqual({ role: 'root', version: 10, text: 'root 10' });
      expect((await metadata.find('root', 2))?.text).toBe('root 2');
      expect(await metadata.find('root', 3)).toBeUndefined();
    });

    test('of one version is stored once: a version is signed once', async () => {
      const { metadata } = await open();
      await metadata.add({ role: 'staging', version: 1, text: 'first' }, 1000);
      await expect(metadata.add({ role: 'staging', version: 1, text: 'second' }, 1000)).rejects.toThrow();
      expect((await metadata.newest('staging'))?.text).toBe('first');
    });

    test('is forgotten by age, but never the newest of a role', async () => {
      const { metadata } = await open();
      for (const version of [1, 2, 3]) await metadata.add({ role: 'timestamp', version, text: 'x' }, version * 1000);
      await metadata.prune('timestamp', 2500);
      expect(await metadata.find('timestamp', 2)).toBeUndefined();
      await metadata.prune('timestamp', 99_000);
      expect((await metadata.newest('timestamp'))?.version).toBe(3);
    });

    test('has targets under name and digest', async () => {
      const { metadata } = await open();
      const name = policyTarget('staging');
      for (const text of ['one', 'two', 'two']) await metadata.addTarget({ name, sha256: sha256Hex(text), text });
      expect(await metadata.target(name, sha256Hex('one'))).toBe('one');
      expect(await metadata.target(name, sha256Hex('three'))).toBeUndefined();
    });
  });

  describe('releases', () => {
    test('are found in their environment only, beyond 4 GiB too', async () => {
      const { releases } = await open();
      const release = publishedRelease('duck@1.0.0');
      await releases.add({ ...release, description: 'walks' });
      expect(await releases.find('development', release)).toEqual({ ...release, description: 'walks' });
      expect(await releases.ofTarget(release.target)).toMatchObject({ version: '1.0.0' });
      expect(await releases.find('production', release)).toBeUndefined();
    });

    test('are published once', async () => {
      const { releases } = await open();
      await releases.add(publishedRelease('duck@1.0.0'));
      await expect(releases.add(publishedRelease('duck@1.0.0', { releaseCounter: 2 }))).rejects.toThrow();
      await releases.add(publishedRelease('duck@1.0.0', { environment: 'staging' }));
    });

    test('are listed newest first, page by page, by environment and component', async () => {
      const { releases } = await open();
      const made = ['duck@1.0.0', 'duck@1.1.0', 'nav@7.0.0', 'duck@1.2.0'];
      for (const [index, name] of made.entries()) {
        // Two in one millisecond: the page break between them loses neither.
        await releases.add(publishedRelease(name, { publishedAt: 1000 + Math.floor(index / 2) }));
      }
      const seen: string[] = [];
      let after: PublishedRelease | undefined;
      for (;;) {
        const page = await releases.list({}, { after, limit: 1 });
        if (page.length === 0) break;
        seen.push(...page.map(({ component, version }) => `${component}@${version}`));
        after = page.at(-1);
      }
      expect(seen).toEqual(['nav@7.0.0', 'duck@1.2.0', 'duck@1.1.0', 'duck@1.0.0']);
      expect(await releases.list({ component: 'nav' as ComponentName }, { limit: 9 })).toHaveLength(1);
      expect(await releases.list({ environment: 'production' }, { limit: 9 })).toEqual([]);
    });

    test('count up also over revoked ones, and are revoked once', async () => {
      const { releases } = await open();
      const release = publishedRelease('duck@1.0.0', { releaseCounter: 7 });
      expect(await releases.highestCounter('development', release.component)).toBe(0);
      await releases.add(release);
      await releases.revoke(release.target, { at: 2000, by: 'eve' });
      await releases.revoke(release.target, { at: 3000, by: 'bob' });
      expect((await releases.find('development', release))?.revoked).toEqual({ at: 2000, by: 'eve' });
      expect(await releases.highestCounter('development', release.component)).toBe(7);
    });

    test('whose bundle was checked are remembered', async () => {
      const { releases } = await open();
      expect(await releases.isBundleChecked(sha256Hex('m'))).toBe(false);
      await releases.rememberCheckedBundle(sha256Hex('m'), 1000);
      await releases.rememberCheckedBundle(sha256Hex('m'), 2000);
      expect(await releases.isBundleChecked(sha256Hex('m'))).toBe(true);
    });
  });
}
