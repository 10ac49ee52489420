/**
 * Where the release that runs stands in its environment's order. The robot's own mark says it; a damaged disk can
 * lose the mark, and a lost counter must not become the lowest one, or every old release would be a step forward.
 */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentName, EnvironmentName } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { releaseTarget } from '@fairlead/shared/trust/names';
import { ReleaseCustom } from '@fairlead/shared/trust/targets';
import type { TrustRefusal, TrustStore } from '@fairlead/toolkit/trust/trust-store';
import type { ActiveRelease } from '../releases/component-state.ts';

/** 0 where nothing runs; 'unknown' where neither the robot nor the signed list remembers. */
export type RunningCounter = number | 'unknown';

/** `trust` was refreshed: what was lost is looked up in what the release key signed. */
export async function runningCounter(
  active: ActiveRelease,
  component: ComponentName,
  { trust, environment }: { readonly trust: TrustStore; readonly environment: EnvironmentName },
): Promise<Result<RunningCounter, TrustRefusal>> {
  if (!active) return accept(0);
  if (active === 'unidentified') return accept('unknown');
  if (active.releaseCounter !== undefined) return accept(active.releaseCounter);
  const listed = await trust.lookup(releaseTarget(environment, { component, version: active.version }));
  // Revoked, or signed in another environment only.
  if (!listed.ok) return listed.refused.code === 'not_found' ? accept('unknown') : refuse(listed.refused);
  const custom = parse(ReleaseCustom, listed.value.custom);
  const isIt = listed.value.sha256 === active.manifestSha256 && custom.ok;
  return accept(isIt ? custom.value.releaseCounter : 'unknown');
}
