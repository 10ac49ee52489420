/**
 * A person on the robot goes back to the release before. The committed mark is written first, and told: a power
 * cut after that is finished by `reconcile` and not undone, and by then nobody knows any more who wanted it.
 * Mutable state stays as it is: since the commit it belongs to the work the robot has done.
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentName, Sha256 } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import type { RunningRelease } from '@fairlead/shared/trust/report';
import type { InstalledRelease } from '@fairlead/shared/update/journal';
import { endedByHealthyRelease } from '../alarms/alarm-ends.ts';
import { listComponents } from '../releases/release-folder.ts';
import { checkServices } from './check-services.ts';
import type { Forbids } from './forbids.ts';
import { passOnce } from './health-watch.ts';
import { upAgainOnError } from './keep-services-up.ts';
import { servicesOf, stopInReverse } from './services-in-order.ts';
import { startAgain } from './shared-services.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<
  StepDeps,
  'layout' | 'folderOf' | 'services' | 'prober' | 'outbox' | 'alarms' | 'history' | 'clock' | 'elapsed' | 'sleep'
> & {
  readonly forbids: Forbids;
};

export interface RollBackByHand {
  readonly component: ComponentName;
  /** The person, as the report names them. */
  readonly by: string;
  /** Also to a release that this robot was rolled back from. */
  readonly confirmAbandoned?: boolean | undefined;
  /** The agent stops: how the previous release does is then left to its service manager. */
  readonly stop: AbortSignal;
}

/** Refused: no_previous, abandoned, denied, damage of the previous release, a service that can't be started, unhealthy. */
export async function rollBackByHand(
  { component, by, confirmAbandoned, stop }: RollBackByHand,
  deps: Deps,
): Promise<Result<void>> {
  // Opening the folder of a mistyped name would make a component of it.
  if (!(await listComponents(deps.layout)).includes(component)) return refuse(nothingBefore(component));
  const folder = await deps.folderOf(component);
  const committed = await folder.committed();
  const previous = committed?.previous;
  if (!committed || !previous) return refuse(nothingBefore(component));
  const abandoned = await folder.abandoned();
  if (confirmAbandoned !== true && isAbandoned(previous, committed.active, abandoned)) {
    return refuse(leftBefore(component, previous, committed.active));
  }
  // Also offline: what the release key withdrew was remembered with the policy that said so (attack 48).
  const forbidden = deps.forbids(previous);
  if (forbidden) return refuse(forbidden);
  const measured = await folder.measure(previous, 'roll-back');
  if (!measured.ok) return measured;
  const given = await folder.readManifest(committed.active, 'roll-back');
  const now = given.ok ? given.value : undefined;
  const startable = await checkServices({ next: measured.value, now, phase: 'roll-back' }, deps.services);
  if (!startable.ok) return startable;

  const { manifestSha256: left } = committed.active;
  const startedAt = deps.clock.now();
  const committedAt = toTimestamp(startedAt);
  await folder.commit({ active: previous, previous: committed.active, committedAt });
  // After the mark: what was never left is not recorded as left. The way back does not depend on this record: a full
  // disk loses only the question that it asks later.
  const others = abandoned.filter((sha256) => sha256 !== left && sha256 !== previous.manifestSha256);
  await folder.saveAbandoned([...others, left]).catch(() => {});
  deps.outbox.append({
    event: 'local-rollback',
    component,
    by: by.slice(0, 100),
    active: told(previous),
    previous: told(committed.active),
  });
  await folder.point('previous', committed.active);
  const services = servicesOf(measured.value, now);
  const stopped = await stopInReverse(services, deps.services, 'roll-back');
  await upAgainOnError(services, folder, () => folder.point('active', previous), deps);
  const own = servicesOf(measured.value);
  const started = await startAgain({ component, own, stopped: services, phase: 'roll-back' }, deps);
  const context = { component, folder: folder.paths.release(previous), signal: stop };
  const unwell = started.ok ? await passOnce(measured.value, 'roll-back', context, deps) : started.refused;

  const trouble = unwell ?? (stopped.ok ? undefined : stopped.refused);
  const durationMs = Math.max(0, Math.round(deps.clock.now() - startedAt));
  const { version } = committed.active;
  const ended = { component, version, outcome: 'rolled-back', by: by.slice(0, 100), durationMs } as const;
  await deps.history.onEnded({ ...ended, ...(trouble && !stop.aborted && { refusal: trouble }) });
  if (stop.aborted) return accept(undefined);
  if (!trouble) {
    deps.alarms.resolveWhere(endedByHealthyRelease(component));
    return accept(undefined);
  }
  deps.alarms.raise({ ...trouble, component });
  return refuse(trouble);
}

const told = ({ version, manifestSha256, releaseCounter }: InstalledRelease): RunningRelease => ({
  version,
  manifestSha256,
  ...(releaseCounter !== undefined && { releaseCounter }),
});

/** Going back never goes forward: to what was rolled back from here, or left for an older release by an order. */
function isAbandoned(previous: InstalledRelease, active: InstalledRelease, abandoned: readonly Sha256[]): boolean {
  const isNewer = (previous.releaseCounter ?? 0) > (active.releaseCounter ?? Number.POSITIVE_INFINITY);
  return isNewer || abandoned.includes(previous.manifestSha256);
}

const leftBefore = (component: ComponentName, { version }: InstalledRelease, active: InstalledRelease): Refusal => ({
  phase: 'roll-back',
  component,
  element: `${component}@${version}`,
  category: 'abandoned',
  detail: `The only release kept beside ${active.version} is ${version}, which this robot was rolled back from.`,
  retryable: false,
  hint: `If you want ${version} again: fairlead-agent rollback ${component} --yes. For an older release: fairlead rollback --to VERSION.`,
});

const nothingBefore = (component: ComponentName): Refusal => ({
  phase: 'roll-back',
  component,
  element: component,
  category: 'no_previous',
  detail: `There is no release before the active one of ${component} on this robot.`,
  retryable: false,
  hint: 'Deploy the release you want from the server.',
});
