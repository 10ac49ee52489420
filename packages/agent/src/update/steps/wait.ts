/** Beat 11: wait for the moment in which this robot may switch. */
import { MINUTE } from '@fairlead/shared/time';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

/** The clock may be set while we sleep, so it is looked at again at least this often. */
const LONGEST_SLEEP = 1 * MINUTE;

export const wait =
  (deps: Pick<StepDeps, 'permission' | 'sleep'>): StepFunction =>
  async ({ journal, signal, waits }) => {
    for (;;) {
      const permission = await deps.permission.ask(journal.component);
      if (permission.granted) {
        waits(undefined);
        return { ok: true };
      }
      waits(permission.reason);
      if (signal.aborted) return { ok: false, refused: permission.reason };
      await deps.sleep(Math.min(Math.max(permission.askAgainInMs, 100), LONGEST_SLEEP), signal);
    }
  };
