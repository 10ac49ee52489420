/**
 * A component that no journal speaks of: its links must say what the committed mark says. They differ after a
 * lost journal, or after a power cut in a roll-back by hand; either way the mark is what was settled on.
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { Committed } from '../releases/committed.ts';
import type { ReleaseFolder } from '../releases/release-folder.ts';
import { sweepComponent } from '../releases/sweep.ts';
import { upAgainOnError } from './keep-services-up.ts';
import { servicesOf, stopInReverse } from './services-in-order.ts';
import { servicesOfActive, startAgain } from './shared-services.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'layout' | 'folderOf' | 'services' | 'alarms' | 'clock'>;

/** Leaves active, previous and mark in agreement, and nothing else. What could not be agreed on is an alarm. */
export async function reconcile(component: ComponentName, deps: Deps): Promise<void> {
  const folder = await deps.folderOf(component);
  await folder.unpoint('staged');
  // Where neither mark nor release is whole, what runs is left running: nothing here knows better.
  if ((await folder.hasDamagedMark()) && !(await markAgain(folder, deps))) return;
  const committed = await folder.committed();
  if (!committed) await takeOutUnproven(folder, deps);
  else if (!(await folder.points('active', committed.active))) await obeyMark(committed, folder, deps);
  const previous = committed?.previous;
  if (previous && (await folder.holds(previous))) await folder.point('previous', previous);
  else await folder.unpoint('previous');
  await sweepComponent(folder.paths);
}

/** The disk lost the mark, not the release: what is active and measures right is settled on again. */
async function markAgain(folder: ReleaseFolder, deps: Deps): Promise<boolean> {
  const active = await folder.slot('active');
  if (!active) return false;
  const measured = await folder.measure(active, 'verify');
  if (!measured.ok) {
    deps.alarms.raise(unsettled(measured.refused, folder.component));
    return false;
  }
  const previous = await folder.slot('previous');
  const committedAt = toTimestamp(deps.clock.now());
  // Without their counters: those were in the mark alone, and a made-up one would open or close the wrong doors.
  await folder.commit({ active, ...(previous && { previous }), committedAt });
  return true;
}

/** A first installation whose journal was lost never proved itself: the robot is as it was before. */
async function takeOutUnproven(folder: ReleaseFolder, deps: Deps): Promise<void> {
  const stopped = await servicesOfActive(folder);
  await stopInReverse(stopped, deps.services, 'roll-back');
  await upAgainOnError(stopped, folder, () => folder.unpoint('active'), deps);
  await giveBack([], stopped, folder, deps);
}

async function obeyMark(committed: Committed, folder: ReleaseFolder, deps: Deps): Promise<void> {
  const measured = await folder.measure(committed.active, 'roll-back');
  if (!measured.ok) {
    // The least bad: what runs is not what was committed, but what was committed is no longer whole.
    deps.alarms.raise(unsettled(measured.refused, folder.component));
    return;
  }
  const services = servicesOf(measured.value);
  const stopped = [...new Set([...services, ...(await servicesOfActive(folder))])];
  await stopInReverse(stopped, deps.services, 'roll-back');
  await upAgainOnError(stopped, folder, () => folder.point('active', committed.active), deps);
  await giveBack(services, stopped, folder, deps);
}

async function giveBack(
  own: readonly string[],
  stopped: readonly string[],
  { component }: ReleaseFolder,
  deps: Deps,
): Promise<void> {
  const started = await startAgain({ component, own, stopped, phase: 'roll-back' }, deps);
  if (!started.ok) deps.alarms.raise({ ...started.refused, component });
}

const unsettled = (damage: Refusal, component: ComponentName): Refusal => ({
  ...damage,
  component,
  category: 'active_unsettled',
  detail: `What this robot settled on can no longer be trusted, and what runs was left running: ${damage.detail}`.slice(
    0,
    2000,
  ),
  retryable: true,
  hint: 'Deploy a sound release to this robot, and check its disk.',
});
