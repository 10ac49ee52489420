/**
 * After a start of the agent: what is active is what its measured digest says, and not what a link says. Where the disk
 * has spoilt it, the robot goes back to the release before if that is whole and the moment is a good one; if not, the
 * least bad runs on. Either way somebody is told, and the release is fetched again when the server next assigns it.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { ReleaseIdentity } from '@fairlead/shared/release/manifest';
import { toTimestamp } from '@fairlead/shared/time';
import type { InstalledRelease } from '@fairlead/shared/update/journal';
import { OWN_COMPONENT } from '../own-release/own-release.ts';
import { identify } from '../releases/component-state.ts';
import { listComponents, type ReleaseFolder } from '../releases/release-folder.ts';
import type { Forbids } from './forbids.ts';
import { upAgainOnError } from './keep-services-up.ts';
import { refusalOf } from './refusal-of.ts';
import { servicesOf, stopInReverse } from './services-in-order.ts';
import { servicesOfActive, startAgain } from './shared-services.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'layout' | 'folderOf' | 'services' | 'alarms' | 'history' | 'clock' | 'permission'> & {
  readonly forbids: Forbids;
};
export interface DamagedRelease {
  readonly release: ReleaseIdentity;
  readonly refusal: Refusal;
}

/** Looks at every component but the agent itself, whose launcher does that. What can't be looked at is told. */
export async function healActives(deps: Deps): Promise<readonly DamagedRelease[]> {
  const found: DamagedRelease[] = [];
  for (const component of await listComponents(deps.layout).catch(() => [])) {
    if (component === OWN_COMPONENT) continue;
    // A folder that can't even be opened was told of by whoever tidied up.
    const folder = await deps.folderOf(component).catch(() => undefined);
    if (!folder) continue;
    try {
      const damage = await healActive(folder, deps);
      if (damage) found.push(damage);
    } catch (error) {
      deps.alarms.raise({ ...refusalOf(error, 'verify', component), component });
    }
  }
  return found;
}

/** Undefined where the active release is whole, or there is none. */
async function healActive(folder: ReleaseFolder, deps: Deps): Promise<DamagedRelease | undefined> {
  const release = await identify(folder, 'active');
  const measured = release && (await folder.measure(release, 'verify'));
  if (!release || measured?.ok !== false) return undefined;
  const previous = await soundPrevious(release, folder, deps);
  const back = previous && (await goBack(previous, folder, deps));
  const now = back ? `It went back to ${back.version}.` : 'It is what runs all the same: nothing better is here.';
  const refusal = damaged(measured.refused, release, now);
  deps.alarms.raise(refusal);
  const { component, version } = release;
  if (back) await deps.history.onEnded({ component, version, outcome: 'rolled-back', refusal });
  return { release, refusal };
}

async function soundPrevious(release: ReleaseIdentity, folder: ReleaseFolder, deps: Deps) {
  const committed = await folder.committed();
  const previous = committed?.active.manifestSha256 === release.manifestSha256 ? committed.previous : undefined;
  if (!previous || deps.forbids(previous)) return undefined;
  if (!(await folder.measure(previous, 'roll-back')).ok) return undefined;
  // A running application is not stopped in the wrong moment for this either.
  const asked = await deps.permission.ask(folder.component);
  if (asked.granted || asked.reason.category !== 'fact_unknown') return asked.granted ? previous : undefined;
  // Nobody has posted anything yet, and who posts may be the application that is damaged.
  return (await deps.permission.ask(folder.component, ['precondition'])).granted ? previous : undefined;
}

/** The mark first, as a roll-back by hand does: a power cut after it is finished by `reconcile`. */
async function goBack(previous: InstalledRelease, folder: ReleaseFolder, deps: Deps): Promise<InstalledRelease> {
  const manifest = await folder.readManifest(previous, 'roll-back');
  const own = manifest.ok ? servicesOf(manifest.value) : [];
  const stopped = [...new Set([...own, ...(await servicesOfActive(folder))])];
  await folder.commit({ active: previous, committedAt: toTimestamp(deps.clock.now()) });
  await stopInReverse(stopped, deps.services, 'roll-back');
  const relink = async (): Promise<void> => {
    await folder.point('active', previous);
    await folder.unpoint('previous');
  };
  await upAgainOnError(stopped, folder, relink, deps);
  const { component } = folder;
  const started = await startAgain({ component, own, stopped, phase: 'roll-back' }, deps);
  if (!started.ok) deps.alarms.raise({ ...started.refused, component });
  return previous;
}

const damaged = (damage: Refusal, { component, version }: ReleaseIdentity, now: string): Refusal => ({
  ...damage,
  component,
  category: 'active_damaged',
  detail: `${component}@${version} is no longer what was signed: ${damage.detail} ${now}`.slice(0, 2000),
  retryable: true,
  hint: 'Nothing, if this robot’s control plane assigns the release: it is fetched again. Check the disk.',
});
