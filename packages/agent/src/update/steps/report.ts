/** Beat 15: the end of the story goes into the outbox, once; when it is delivered does not concern this update. */
import { fromTimestamp } from '@fairlead/shared/time';
import { readState } from '../../releases/component-state.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const report =
  (deps: Pick<StepDeps, 'folderOf' | 'outbox' | 'history' | 'clock'>): StepFunction =>
  async ({ journal }) => {
    const { deployment, component, candidate, refusal, outcome = 'failed', startedAt } = journal;
    // Killed between telling it and closing the journal: it was told.
    if (deps.outbox.hasEnded(deployment)) return { ok: true };
    const durationMs = Math.max(0, Math.round(deps.clock.now() - fromTimestamp(startedAt)));
    const { version } = candidate;
    await deps.history.onEnded({
      component,
      version,
      outcome,
      deployment,
      durationMs,
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
    return { ok: true };
  };
