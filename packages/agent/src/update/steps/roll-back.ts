/**
 * Beat 14, the other end: back to what ran before, with its state. It is begun again until it succeeds, but it
 * never keeps a robot's application down for the sake of perfection: after a few tries what can't be put right
 * (a state that can't be restored, a service that does not start) becomes an alarm.
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Manifest } from '@fairlead/shared/release/manifest';
import { toTimestamp } from '@fairlead/shared/time';
import type { InstalledRelease, Journal } from '@fairlead/shared/update/journal';
import type { StepResult } from '@fairlead/shared/update/journey';
import type { ReleaseFolder } from '../../releases/release-folder.ts';
import { restoreState } from '../../state-backup/restore-state.ts';
import { passOnce } from '../health-watch.ts';
import { upAgainOnError } from '../keep-services-up.ts';
import { refusalOf } from '../refusal-of.ts';
import { isRepair } from '../repair.ts';
import { servicesOf, stopInReverse } from '../services-in-order.ts';
import { startAgain } from '../shared-services.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';
import { chooseFallback } from './choose-fallback.ts';

type Deps = Pick<StepDeps, 'layout' | 'folderOf' | 'services' | 'prober' | 'alarms' | 'clock' | 'elapsed' | 'sleep'>;
const TRIES = 4;

export const rollBack =
  (deps: Deps): StepFunction =>
  async ({ journal, signal }) => {
    const { candidate, current, component } = journal;
    const folder = await deps.folderOf(component);
    const read = await folder.readManifest(candidate, 'roll-back');
    const failing = read.ok ? read.value : undefined;
    if (failing?.rollback?.onFailure === false && (await folder.points('active', candidate))) {
      return leaveInPlace(journal, failing, folder, deps);
    }
    if (!current) return uninstall(journal, folder, failing, deps);

    const fallback = await chooseFallback(journal, current, folder);
    const manifest = await folder.readManifest(fallback.release, 'roll-back');
    const good = manifest.ok ? manifest.value : undefined;
    const raise = (refusal: Refusal) => deps.alarms.raise({ ...refusal, component });
    const goBack = async (): Promise<Result<void>> => {
      // Where `active` says so already, the state was restored before it, and only services may be missing.
      if (!(await folder.points('active', fallback.release))) {
        const stopped = await stopInReverse(servicesOf(good, failing), deps.services, 'roll-back');
        if (!stopped.ok && journal.starts < TRIES) return stopped;
        const kept = await tryRestore(journal, folder);
        if (kept && journal.starts < TRIES) return refuse(kept);
        if (kept) raise(kept);
        await folder.point('active', fallback.release);
      }
      await keepOlderParachute(journal, fallback.release, folder, deps);
      return accept(undefined);
    };
    const wentBack = await upAgainOnError(servicesOf(good, failing), folder, goBack, deps);
    if (!wentBack.ok) return wentBack;
    const started = await startAgain(
      // Where no manifest can be read any more, the failing release knows best what this robot needs.
      { component, own: servicesOf(good ?? failing), stopped: servicesOf(good, failing), phase: 'roll-back' },
      deps,
    );
    if (!started.ok && journal.starts < TRIES) return started;
    const context = { component, folder: folder.paths.release(fallback.release), signal };
    const unwell = started.ok ? good && (await passOnce(good, 'roll-back', context, deps)) : started.refused;
    if (signal.aborted && unwell) return { ok: false, refused: unwell };
    const alarm = fallback.alarm ?? unwell;
    if (!alarm) return { ok: true };
    raise(alarm);
    return { ok: true, outcome: 'failed' };
  };

/** The author wants to look at it: the failing release stays, and is what this robot now stands on. */
async function leaveInPlace(
  journal: Journal,
  failing: Manifest,
  folder: ReleaseFolder,
  deps: Deps,
): Promise<StepResult> {
  const previous = isRepair(journal) ? (await folder.committed())?.previous : journal.current;
  await settleOn(journal.candidate, previous, folder, deps);
  // A switch that was interrupted may have left them standing still; to look at it is to look at it at work.
  const { component } = journal;
  const started = await startAgain({ component, own: servicesOf(failing), stopped: [], phase: 'roll-back' }, deps);
  if (!started.ok) deps.alarms.raise({ ...started.refused, component });
  return { ok: true, outcome: 'failed' };
}

/** A first installation has nothing behind it: the robot is as it was before, without the component. */
async function uninstall(
  journal: Journal,
  folder: ReleaseFolder,
  failing: Manifest | undefined,
  deps: Deps,
): Promise<StepResult> {
  const stopped = servicesOf(failing);
  const still = await stopInReverse(stopped, deps.services, 'roll-back');
  if (!still.ok && journal.starts < TRIES) return still;
  const kept = await tryRestore(journal, folder);
  if (kept && journal.starts < TRIES) return { ok: false, refused: kept };
  const { component } = journal;
  if (kept) deps.alarms.raise({ ...kept, component });
  await upAgainOnError(stopped, folder, () => folder.unpoint('active'), deps);
  const started = await startAgain({ component, own: [], stopped, phase: 'roll-back' }, deps);
  if (!started.ok && journal.starts < TRIES) return started;
  if (!started.ok) deps.alarms.raise({ ...started.refused, component });
  return { ok: true };
}

async function tryRestore(journal: Journal, folder: ReleaseFolder): Promise<Refusal | undefined> {
  if (!journal.stateBackup) return undefined;
  try {
    await restoreState(folder.paths.stateBackup(journal.deployment));
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error, 'roll-back', journal.component);
    return { ...refusal, element: journal.stateBackup, hint: `${refusal.hint} The state was saved in this folder.` };
  }
}

/** What was `previous` before this update is so again; where it fell further back, that is what it stands on. */
async function keepOlderParachute(
  journal: Journal,
  fallback: InstalledRelease,
  folder: ReleaseFolder,
  deps: Deps,
): Promise<void> {
  if (fallback.manifestSha256 !== journal.current?.manifestSha256) {
    await settleOn(fallback, undefined, folder, deps);
    return folder.unpoint('previous');
  }
  const older = (await folder.committed())?.previous;
  if (older && (await folder.holds(older))) return folder.point('previous', older);
  return folder.unpoint('previous');
}

async function settleOn(
  active: InstalledRelease,
  previous: InstalledRelease | undefined,
  folder: ReleaseFolder,
  deps: Deps,
): Promise<void> {
  const committedAt = toTimestamp(deps.clock.now());
  await folder.commit({ active, ...(previous && { previous }), committedAt });
}
