/**
 * The timers of a control plane on the simulation's clock: heartbeats are flushed, metadata re-signed and rollouts
 * driven in virtual time, and a killed server's timers die with it. They are the process's own while a simulation runs;
 * the test runner holds on to the real ones.
 */
import type { Agenda } from './agenda.ts';

interface VirtualTimer {
  unref(): VirtualTimer;
  ref(): VirtualTimer;
  hasRef(): boolean;
  refresh(): VirtualTimer;
  [Symbol.toPrimitive](): number;
}

export interface VirtualTimers {
  /** None of the timers made since the last call fires any more. */
  dropAll(): void;
  /** Gives the process its own timers back. */
  giveBack(): void;
}

/** What a timer begins nobody can wait for by name: it gets so many turns of the event loop before the world goes on. */
const WORK_OF_A_TIMER = 20;

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((resolve) => void setImmediate(resolve));
}

/** `settled`: resolves when what can be waited for by name has come to rest. */
export function lendTimers(agenda: Agenda, settled: () => Promise<void>): VirtualTimers {
  const real = { setTimeout, setInterval, clearTimeout, clearInterval };
  const live = new Map<VirtualTimer, { cancelled: boolean }>();

  const make = (act: () => void, ms: number, again: boolean): VirtualTimer => {
    const state = { cancelled: false };
    const fire = (): void => {
      if (state.cancelled) return;
      if (again) agenda.plan(agenda.now() + ms, fire);
      else live.delete(timer);
      act();
      void agenda.during(turns(WORK_OF_A_TIMER).then(settled));
    };
    const timer: VirtualTimer = {
      unref: () => timer,
      ref: () => timer,
      hasRef: () => false,
      refresh: () => timer,
      [Symbol.toPrimitive]: () => 0,
    };
    live.set(timer, state);
    agenda.plan(agenda.now() + ms, fire);
    return timer;
  };
  const clear = (timer: unknown): void => {
    const state = live.get(timer as VirtualTimer);
    if (state) state.cancelled = true;
    live.delete(timer as VirtualTimer);
    if (!state && timer !== undefined) real.clearTimeout(timer as NodeJS.Timeout);
  };
  const lent = {
    setTimeout: (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => make(() => act(...args), ms, false),
    setInterval: (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => make(() => act(...args), ms, true),
    clearTimeout: clear,
    clearInterval: clear,
  };
  Object.assign(globalThis, lent);
  return {
    dropAll() {
      for (const state of live.values()) state.cancelled = true;
      live.clear();
    },
    giveBack: () => void Object.assign(globalThis, real),
  };
}
