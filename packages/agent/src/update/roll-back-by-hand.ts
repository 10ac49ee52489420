/**
 * A person on the robot goes back to the release before. The committed mark is written first: a power cut in
 * the middle is then finished by `reconcile` and not undone. Mutable state stays as it is: since the commit it
 * belongs to the work the robot has done.
 */
import { accept, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';
import { toTimestamp } from '@fairlead/shared/time';
import { readState } from '../releases/component-state.ts';
import { passOnce } from './health-watch.ts';
import { servicesOf, startInOrder, stopInReverse } from './services-in-order.ts';
import type { StepDeps } from './step-deps.ts';

type Deps = Pick<StepDeps, 'folderOf' | 'services' | 'prober' | 'outbox' | 'clock' | 'elapsed' | 'sleep'>;

/** `by` is the person, as the report names them. Refused: no_previous, damage of the previous release, unhealthy. */
export async function rollBackByHand(component: ComponentName, by: string, deps: Deps): Promise<Result<void>> {
  const folder = await deps.folderOf(component);
  const committed = await folder.committed();
  const previous = committed?.previous;
  if (!committed || !previous) return refuse(nothingBefore(component));
  const measured = await folder.measure(previous, 'roll-back');
  if (!measured.ok) return measured;
  const given = await folder.readManifest(committed.active, 'roll-back');

  const committedAt = toTimestamp(deps.clock.now());
  await folder.commit({ active: previous, previous: committed.active, committedAt });
  await folder.point('previous', committed.active);
  const services = servicesOf(measured.value, given.ok ? given.value : undefined);
  const stopped = await stopInReverse(services, deps.services, 'roll-back');
  await folder.point('active', previous);
  const started = await startInOrder(servicesOf(measured.value), deps.services, 'roll-back');
  const context = { component, folder: folder.paths.release(previous) };
  const unwell = started.ok ? await passOnce(measured.value, 'roll-back', context, deps) : started.refused;

  const now = await readState(folder);
  deps.outbox.append({
    event: 'local-rollback',
    component,
    by: by.slice(0, 100),
    ...(now.active && { active: now.active }),
    ...(now.previous && { previous: now.previous }),
  });
  const trouble = unwell ?? (stopped.ok ? undefined : stopped.refused);
  if (!trouble) return accept(undefined);
  deps.outbox.append({ event: 'alarm', refusal: trouble });
  return refuse(trouble);
}

const nothingBefore = (component: ComponentName): Refusal => ({
  phase: 'roll-back',
  component,
  element: component,
  category: 'no_previous',
  detail: `There is no release before the active one of ${component} on this robot.`,
  retryable: false,
  hint: 'Deploy the release you want from the server.',
});
