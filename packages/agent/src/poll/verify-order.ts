/**
 * Beat 5: one order of the assignment, against everything else that must agree (TRUST 4.5, 4.9): the name against
 * this robot's environment before anything is fetched, the release key, its policy, the manifest, the robot itself.
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, EnvironmentName, Version } from '@fairlead/shared/ids';
import { identify, parseManifest } from '@fairlead/shared/release/parse-manifest';
import type { Clock } from '@fairlead/shared/time';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import { asTargetName, environmentOf, policyTarget, releaseTarget } from '@fairlead/shared/trust/names';
import { EnvironmentPolicy, type ReleaseCustom } from '@fairlead/shared/trust/targets';
import { decide } from '@fairlead/shared/update/decide';
import type { TrustStore, VerifiedTarget } from '@fairlead/toolkit/trust/trust-store';
import type { Facts } from '../inventory/facts.ts';
import type { ActiveRelease } from '../releases/component-state.ts';
import { refusalOf } from '../update/refusal-of.ts';
import { judgeOrder, refusal } from './judge-order.ts';
import { sayTrust } from './open-answer.ts';
import { runningCounter } from './running-counter.ts';
import { readSigned } from './signed-document.ts';
import type { VerifiedOrder } from './verified-order.ts';

export interface VerifyDeps {
  readonly environment: EnvironmentName;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly facts: Facts;
  /** What this robot runs, as its links and marks say. */
  readonly components: () => Promise<readonly ComponentState[]>;
  /** Rejects where the disk can't be read. */
  readonly active: (component: ComponentName) => Promise<ActiveRelease>;
}

export async function verifyOrder(order: ComponentOrder, deps: VerifyDeps): Promise<Result<VerifiedOrder>> {
  const { trust, clock, facts, environment } = deps;
  const name = nameOf(order, environment);
  if (!name.ok) return name;
  const refreshed = await trust.refresh(clock.now());
  if (!refreshed.ok) return refuse(about(order, sayTrust('trust metadata', refreshed.refused)));
  const target = await trust.lookup(name.value);
  if (!target.ok) {
    const refused = about(order, sayTrust(name.value, target.refused));
    // Revoked (attack 49): the metadata is as new as the director's, so waiting brings the release not back.
    return refuse(target.refused.code === 'not_found' ? { ...refused, retryable: false } : refused);
  }
  const policy = await readSigned(trust, policyTarget(environment), EnvironmentPolicy);
  if (!policy.ok) return refuse(about(order, sayTrust(policyTarget(environment), policy.refused)));

  const components = await deps.components();
  // A disk that can't be read for a moment is no reason to refuse the order for good.
  const active = await deps
    .active(order.component)
    .then(accept, (error: unknown) => refuse(refusalOf(error, 'decide', order.component)));
  if (!active.ok) return active;
  const running = await runningCounter(active.value, order.component, deps);
  if (!running.ok) return refuse(about(order, sayTrust('the running release', running.refused)));
  const inventory = await facts.inventory();
  const judged = judgeOrder({
    order,
    target: target.value,
    policy: policy.value,
    running: running.value,
    arch: inventory.arch,
    now: clock.now(),
  });
  if (!judged.ok) return judged;
  const verified = await fetchManifest(order, target.value, judged.value, trust);
  if (!verified.ok) return verified;
  const vitals = await facts.vitals();
  const fits = decide(verified.value.manifest, {
    arch: inventory.arch,
    board: inventory.board,
    jetpack: inventory.jetpack,
    agentVersion: inventory.agentVersion,
    memoryFreeMb: vitals.memoryFreeMb,
    diskFreeMb: vitals.diskFreeMb,
    components: activeVersions(components),
  });
  return fits.ok ? verified : fits;
}

/** Attacks 22, 23, 29: a development build can't even be asked for on a production robot. */
function nameOf(order: ComponentOrder, environment: EnvironmentName): Result<VerifiedTarget['name']> {
  const name = asTargetName(order.target.path);
  if (name === undefined) return refuse(refusal(order, 'name', 'This is no name of a release.'));
  const meantFor = environmentOf(name);
  if (meantFor !== environment) {
    return refuse(refusal(order, 'wrong_env', `It is of ${meantFor ?? 'none'}; this robot belongs to ${environment}.`));
  }
  const expected = releaseTarget(environment, { component: order.component, version: order.target.version });
  if (name === expected) return accept(name);
  return refuse(refusal(order, 'mismatch', `The order is for ${order.component}@${order.target.version}.`));
}

async function fetchManifest(
  order: ComponentOrder,
  target: VerifiedTarget,
  custom: ReleaseCustom,
  trust: TrustStore,
): Promise<Result<VerifiedOrder>> {
  const bytes = await trust.fetch(target);
  if (!bytes.ok) return refuse(about(order, sayTrust(target.name, bytes.refused)));
  const parsed = parseManifest(bytes.value, 'decide');
  if (!parsed.ok) return refuse(about(order, parsed.refused));
  const manifest = parsed.value;
  const { component, version, bundle } = manifest;
  if (component !== custom.component || version !== custom.version || bundle.sha256 !== custom.bundle.sha256) {
    const detail = `Entry and manifest disagree: ${custom.component}@${custom.version} and ${component}@${version}.`;
    return refuse(refusal(order, 'mismatch', detail));
  }
  const candidate = { ...identify(manifest, bytes.value), releaseCounter: custom.releaseCounter };
  return accept({ deployment: order.deployment, component, candidate, manifest, manifestBytes: bytes.value });
}

const about = (order: ComponentOrder, refused: Refusal): Refusal => ({
  ...refused,
  phase: 'decide',
  component: order.component,
});

function activeVersions(components: readonly ComponentState[]): Map<ComponentName, Version> {
  const versions = new Map<ComponentName, Version>();
  for (const { component, active } of components) if (active) versions.set(component, active.version);
  return versions;
}
