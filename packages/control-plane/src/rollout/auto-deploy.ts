/** What was just published and an environment deploys by itself becomes a rollout, without anybody asking. */
import { matchesAutoDeploy } from '@fairlead/shared/fleet/environment-rules';
import { sayRelease } from '@fairlead/shared/ids';
import { parseManifest } from '@fairlead/shared/release/parse-manifest';
import { asTargetName } from '@fairlead/shared/trust/names';
import { createRollout } from './create-rollout.ts';
import type { RolloutDeps } from './rollout-deps.ts';

/** The author of what nobody ordered. Nobody approves in its place: an environment that asks for approval still does. */
const BY_ITSELF = { name: 'auto-deploy', actor: 'auto-deploy', role: 'operator' } as const;

export async function autoDeploy(
  deps: RolloutDeps & { readonly onFailure: (cause: unknown) => void },
  names: readonly string[],
): Promise<void> {
  const { environments } = await deps.store.rules.all();
  for (const name of names) {
    const target = asTargetName(name);
    const published = target && (await deps.store.releases.ofTarget(target));
    if (!published) continue;
    const { environment, component, version, manifestSha256 } = published;
    const text = await deps.store.metadata.target(published.target, manifestSha256);
    const manifest = parseManifest(Buffer.from(text ?? ''), 'assign');
    const branch = manifest.ok ? manifest.value.source?.branch : undefined;
    const release = { component, version, ...(branch !== undefined && { branch }) };
    for (const { selector } of matchesAutoDeploy(environments[environment], release)) {
      try {
        await createRollout(
          deps,
          {
            target: { selector },
            component,
            version,
            environment,
            shape: { strategy: 'all-at-once' },
            newRobots: 'include',
            reason: `${sayRelease({ component, version })} was published; ${environment} deploys it by itself.`,
          },
          BY_ITSELF,
        );
      } catch (cause) {
        // Nobody is there to be told (no robot matches yet); the release is published all the same.
        deps.onFailure(cause);
      }
    }
  }
}
