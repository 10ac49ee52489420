/** Beat 11: wait for the moment in which this robot may switch. */
import { MINUTE } from '@fairlead/shared/time';
import { askToSwitch } from '../ask-before-switch.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

/** The clock may be set while we sleep, so it is looked at again at least this often. */
const LONGEST_SLEEP = 1 * MINUTE;

export const wait =
  (deps: Pick<StepDeps, 'permission' | 'safeState' | 'sleep'>): StepFunction =>
  async ({ journal, signal, waits, order }) => {
    const doze = (ms: number, news: AbortSignal): Promise<void> =>
      deps.sleep(Math.min(Math.max(ms, 100), LONGEST_SLEEP), AbortSignal.any([signal, news]));
    const postponed = order.postponed();
    if (postponed) {
      waits(postponed.reason);
      await doze(postponed.askAgainInMs, order.news());
    }
    for (;;) {
      const news = order.news();
      const permission = await askToSwitch(journal, order, deps);
      if (permission.granted) {
        // Called off while the application made itself safe: nothing follows that would tell it.
        if (signal.aborted) deps.safeState.over(journal, 'given-up');
        waits(undefined);
        return { ok: true };
      }
      waits(permission.reason, permission.ready);
      if (signal.aborted) return { ok: false, refused: permission.reason };
      await doze(permission.askAgainInMs, news);
    }
  };
