/** Ready once every loop turns; fed for as long as every loop keeps its promises; silent otherwise. */
import { setTimeout as timer } from 'node:timers/promises';
import { timerMs } from '@fairlead/shared/time';
import type { Loop, Pulse } from './pulse.ts';
import type { ServiceNotifier } from './service-notifier.ts';

export interface WatchedDeps {
  readonly pulse: Pulse;
  readonly notifier: ServiceNotifier;
  /** Loops that every healthy agent has. */
  readonly loops: readonly Loop[];
  /** Called once, when the agent has worked for PROVEN_MS without a broken promise. */
  readonly onProven: () => Promise<void>;
  readonly onOverdue: (loops: readonly Loop[]) => void;
}

const LOOK_MS = 250;
/** Where no watchdog asks. */
const TICK_MS = 20_000;
/** So long without a crash, and a start of a proven release is no longer held against it. */
const PROVEN_MS = 60_000;

/** Runs until `stop` aborts. */
export async function stayWatched(deps: WatchedDeps, stop: AbortSignal): Promise<void> {
  const { pulse, notifier, loops } = deps;
  const pause = (ms: number) => timer(timerMs(ms), undefined, { signal: stop, ref: false }).catch(() => undefined);
  while (!stop.aborted && !loops.every((loop) => pulse.hasBegun(loop))) await pause(LOOK_MS);
  if (stop.aborted) return;
  notifier.tell('READY=1');
  const began = performance.now();
  // Three times per period, so that one late turn of a busy machine is no death.
  const tick = notifier.watchdogMs === undefined ? TICK_MS : notifier.watchdogMs / 3;
  let isProven = false;
  let wasOverdue = '';
  while (!stop.aborted) {
    const overdue = pulse.overdue();
    if (overdue.length === 0) notifier.tell('WATCHDOG=1');
    else if (overdue.join() !== wasOverdue) deps.onOverdue(overdue);
    wasOverdue = overdue.join();
    if (!isProven && overdue.length === 0 && performance.now() - began >= PROVEN_MS) {
      isProven = true;
      await deps.onProven();
    }
    await pause(tick);
  }
  notifier.tell('STOPPING=1');
}
