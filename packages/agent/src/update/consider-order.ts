/**
 * Beat 5, the last look before the first step: is the release here already, and what would be fallen back to?
 * Whether it fits this robot was decided with the order (poll/verify-order.ts), where a "not now" may wait.
 */
import { Failure, type Refusal } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import type { InstalledRelease } from '@fairlead/shared/update/journal';
import { OWN_COMPONENT, type OwnRelease } from '../own-release/own-release.ts';
import type { VerifiedOrder } from '../poll/verified-order.ts';
import { identify, readState } from '../releases/component-state.ts';
import { checkStatePaths } from '../state-backup/check-state.ts';
import { checkServices } from './check-services.ts';
import { restoreFileList, restoreManifests } from './restore-manifests.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'layout' | 'folderOf' | 'outbox' | 'history' | 'own' | 'services'> &
  Parameters<typeof restoreManifests>[1];
export type Consideration =
  | { readonly go: true; readonly current: InstalledRelease | undefined; readonly isWhole?: true }
  /** `isWhole`: what was damaged is what was signed again, without an update. */
  | { readonly go: false; readonly isWhole?: true };

/**
 * Goes: the manifest is kept durably beside the releases. Does not go: the server has been told why, once. `again`: the
 * deployment has ended, and the release it brought is damaged since.
 */
export async function considerOrder(order: VerifiedOrder, again: boolean, deps: Deps): Promise<Consideration> {
  // Also the local quarantine: a deployment that failed here is not tried again behind the operator's back.
  if (deps.outbox.hasEnded(order.deployment) && !again) return { go: false };
  const unfit = order.component === OWN_COMPONENT ? whyNoAgent(order.manifest, deps.own) : undefined;
  if (unfit) return end(order, 'rejected', unfit, deps);
  const checked = await checkServices({ next: order.manifest, now: undefined, phase: 'decide' }, deps.services);
  if (!checked.ok) return end(order, 'rejected', checked.refused, deps);
  const badState = await whyBadState(order.manifest, deps);
  if (badState) return end(order, 'rejected', badState, deps);
  const folder = await deps.folderOf(order.component);
  const committed = await folder.committed();
  const running = await identify(folder, 'active');
  // Before anything is measured: what is damaged may be the manifest that lies here.
  await folder.saveManifest(order.candidate, order.manifestBytes);
  if (running?.manifestSha256 === order.candidate.manifestSha256) {
    await restoreFileList(running, folder, deps);
    const measured = await folder.measure(running, 'verify');
    if (measured.ok) return again ? { go: false, isWhole: true } : end(order, 'skipped', undefined, deps);
    if (order.component === OWN_COMPONENT) return end(order, 'failed', overItself(measured.refused), deps);
    return { go: true, current: order.candidate };
  }
  const isWhole = await restoreManifests(folder, deps);
  const current = running && committed?.active.manifestSha256 === running.manifestSha256 ? committed.active : undefined;
  return { go: true, current, ...(isWhole && { isWhole }) };
}

async function end(
  order: VerifiedOrder,
  outcome: 'skipped' | 'failed' | 'rejected',
  refusal: Refusal | undefined,
  deps: Deps,
): Promise<Consideration> {
  const { deployment, component, candidate } = order;
  await deps.history.onEnded({
    component,
    version: candidate.version,
    outcome,
    deployment,
    ...(refusal && { refusal }),
  });
  const { active, previous } = await readState(await deps.folderOf(component));
  deps.outbox.append({
    event: 'update-ended',
    deployment,
    component,
    outcome,
    ...(active && { active }),
    ...(previous && { previous }),
    ...(refusal && { refusal }),
  });
  return { go: false };
}

async function whyBadState({ state }: Manifest, { layout }: Pick<Deps, 'layout'>): Promise<Refusal | undefined> {
  try {
    await checkStatePaths(state?.backup ?? [], layout.root);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return { ...error.refusal, phase: 'decide' };
    // A disk that can't be read now is the business of the step that saves the state.
    return undefined;
  }
}

/** What a release of the agent itself may not want of this robot. */
function whyNoAgent({ services = [] }: Manifest, { running }: Pick<OwnRelease, 'running'>): Refusal | undefined {
  if (running === undefined) return NO_LAUNCHER;
  return services.length > 0 ? STOPS_SERVICES : undefined;
}

const STOPS_SERVICES: Refusal = {
  phase: 'decide',
  component: OWN_COMPONENT,
  element: 'services',
  category: 'own_services',
  detail: 'A release of the agent names services, which would stand still while it replaces itself.',
  retryable: false,
  hint: 'Leave `services` out of its release.yaml: the launcher starts the agent, and nothing else has to stop.',
};

const NO_LAUNCHER: Refusal = {
  phase: 'decide',
  component: OWN_COMPONENT,
  element: OWN_COMPONENT,
  category: 'no_launcher',
  detail: 'This agent was not started by fairlead-launch for this root folder, so nothing could bring it back.',
  retryable: false,
  hint: 'Install the package fairlead-agent, or set FAIRLEAD_ROOT in its unit to the `root` of agent.yaml.',
};

/** An agent can't take away the ground it stands on: its launcher goes back by itself where it no longer starts. */
const overItself = (damage: Refusal): Refusal => ({
  ...damage,
  category: 'active_damaged',
  detail: `This release is active here, but no longer what was signed: ${damage.detail}`.slice(0, 2000),
  retryable: true,
  hint: 'Run `fairlead-agent rollback` on the robot or deploy another release, then deploy this one again.',
});
