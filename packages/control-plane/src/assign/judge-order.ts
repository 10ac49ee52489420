/**
 * May this robot be given this release? Pure: facts in, a verdict with its reason out. It is the control
 * plane's half of DESIGN 3.5; the robot asks again, and what changes by the hour (disk, memory, components that
 * are being installed right now) is left to it.
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentState } from '@fairlead/shared/fleet/robot-facts';
import type { ComponentName, ReleaseRef, Version } from '@fairlead/shared/ids';
import type { Manifest } from '@fairlead/shared/release/manifest';
import { decide } from '@fairlead/shared/update/decide';
import type { RobotFacts } from '../store/presence.ts';
import type { PublishedRelease } from '../store/releases.ts';
import type { RobotRecord } from '../store/robots.ts';

export interface OrderFacts {
  readonly robot: RobotRecord;
  /** What it said last. */
  readonly facts: RobotFacts;
  readonly wanted: ReleaseRef;
  /** The release as published in the robot's own environment; undefined where it is not. */
  readonly release: { readonly published: PublishedRelease; readonly manifest: Manifest } | undefined;
  readonly allowDowngrade: boolean;
}

/** The first thing that speaks against it, or the release to install. */
export function judgeOrder(order: OrderFacts): Result<PublishedRelease> {
  const { robot, release, wanted } = order;
  const no = refusing(wanted);
  if (robot.lifecycle !== 'accepted') {
    const hint = `Accept it first: fairlead robot accept ${robot.robot}`;
    return no('not_accepted', `${robot.robot} is ${robot.lifecycle}.`, hint);
  }
  if (robot.quarantined) return no('quarantined', `${robot.robot} is quarantined.`, robot.quarantined.hint);
  if (!release) {
    const detail = `${wanted.component}@${wanted.version} is not published in ${robot.environment}.`;
    return no('not_published', detail, `Publish it: fairlead release publish FILE --env ${robot.environment}`);
  }
  const { published, manifest } = release;
  if (published.revoked) return no('revoked', `It was revoked in ${robot.environment}.`, 'Choose another release.');
  const misfit = incompatibility(manifest, order.facts);
  if (misfit) return refuse({ ...misfit, phase: 'assign' });
  const active = activeOf(order.facts, wanted.component);
  const counter = active?.releaseCounter ?? 0;
  if (counter > published.releaseCounter && !order.allowDowngrade) {
    const detail = `It runs ${active?.version} with releaseCounter ${counter}; this one has ${published.releaseCounter}.`;
    return no('downgrade', detail, 'Use fairlead rollback, or deploy with --allow-downgrade.');
  }
  return accept(published);
}

/** What the robot says it runs of a component. */
export const activeOf = (facts: RobotFacts, component: ComponentName): ComponentState['active'] =>
  facts.components?.find((state) => state.component === component)?.active;

/** Only what no waiting can mend: a wrong board stays wrong. A robot that never told its hardware decides by itself. */
function incompatibility(manifest: Manifest, { inventory, components = [] }: RobotFacts): Refusal | undefined {
  if (!inventory) return undefined;
  const { arch, board, jetpack, agentVersion } = inventory;
  const active = new Map<ComponentName, Version>();
  for (const state of components) if (state.active) active.set(state.component, state.active.version);
  const decided = decide(manifest, { arch, board, jetpack, agentVersion, components: active });
  return decided.ok || decided.refused.retryable ? undefined : decided.refused;
}

const refusing =
  ({ component, version }: ReleaseRef) =>
  (category: string, detail: string, hint: string) =>
    refuse<Refusal>({
      phase: 'assign',
      component,
      element: `${component}@${version}`,
      category,
      detail,
      retryable: false,
      hint,
    });
