/**
 * The driver: asks the core what is next, writes it down, and asks again until there is nothing to do. One driver per
 * rollout, by a lease in the database; a driver that lost it without noticing writes nothing, because every write is a
 * compare-and-swap on the rollout's generation.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { RolloutId } from '@fairlead/shared/ids';
import { planNextStep } from '@fairlead/shared/rollout/plan-next-step';
import { type Instant, MINUTE, SECOND } from '@fairlead/shared/time';
import { Overtaken } from './change-rollout.ts';
import { withdrawLeftOpen } from './end-rollout.ts';
import { readFacts } from './read-facts.ts';
import type { RolloutDeps } from './rollout-deps.ts';
import { takeStep } from './take-step.ts';
import type { Taken } from './taken.ts';
import { timeOutWithoutDriver } from './time-out.ts';

export interface EngineDeps extends RolloutDeps {
  /** Names this process among the replicas. */
  readonly holder: string;
  readonly onFailure: (cause: unknown) => void;
}
export interface Engine {
  /** Drives every rollout that has not ended as far as it goes now. */
  tick(): Promise<void>;
  /** Something changed, for this rollout if it is known which: drives soon. */
  poke(rollout?: RolloutId): void;
  /** Ticks by itself until stopped. */
  start(): void;
  stop(): Promise<void>;
}

const TICK_MS = 1 * SECOND;
/** Longer than any pause of a healthy process; a replica that is gone is missed for no longer than this. */
export const LEASE_MS = 10 * SECOND;
/** A rollout never keeps the others waiting: after so many steps it is their turn. */
const STEPS_IN_A_ROW = 50;
const MOST_PATIENCE_MS = 5 * SECOND;
const CLEANUP_MS = 10 * MINUTE;

export function createEngine(deps: EngineDeps): Engine {
  const { store, clock } = deps;
  /** Rollouts that said "nothing to do until then", as of this generation and these counts. */
  const asleep = new Map<RolloutId, { readonly stamp: string; readonly until: Instant }>();
  /** Rollouts all of whose next robots are kept by others: their reports change nothing about that. */
  const inVain = new Map<RolloutId, Instant>();
  /** Until when this process drives which rollout, as far as it knows. */
  const leases = new Map<RolloutId, Instant>();
  /** The first turn of a process ends what one before it may have left. */
  let nextCleanup = -Infinity;
  let lastTurn = -Infinity;
  let turning: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let stopped = false;

  /** A lease that has half its time left is not renewed: it would cost every step a write of its own. */
  const isDriver = async (id: RolloutId, now: Instant): Promise<boolean> => {
    if ((leases.get(id) ?? 0) - now > LEASE_MS / 2) return true;
    const until = now + LEASE_MS;
    const taken = await store.rollouts.drive(id, deps.holder, now, until);
    if (taken) leases.set(id, until);
    else leases.delete(id);
    return taken;
  };

  const drive = async (id: RolloutId): Promise<boolean> => {
    for (let step = 0; step < STEPS_IN_A_ROW; step += 1) {
      if (stopped) return false;
      const now = clock.now();
      const facts = await readFacts(deps, store, id, now);
      if (!facts) return false;
      const stamp = `${facts.rollout.generation} ${JSON.stringify([...facts.tallies])} ${facts.overdue} ${facts.stagingRoom} ${facts.watch?.silent} ${facts.watch?.unseen}`;
      const resting = asleep.get(id);
      if (resting?.stamp === stamp && now < resting.until) return false;
      const decision = planNextStep(facts);
      if (decision.do === 'hold' && decision.ended) {
        asleep.delete(id);
        leases.delete(id);
        inVain.delete(id);
        return false;
      }
      if (decision.do === 'admit' && now < (inVain.get(id) ?? 0)) return false;
      // Only who is about to write needs to be the driver.
      if (decision.do !== 'hold' && !(await isDriver(id, now))) return false;
      const taken = await tryStep(() => takeStep(deps, facts, decision));
      if (taken === 'overtaken') continue;
      if (taken !== 'progress') {
        if (taken.inVainUntil !== undefined) inVain.set(id, taken.inVainUntil);
        asleep.set(id, { stamp, until: Math.min(taken.until ?? Infinity, now + MOST_PATIENCE_MS) });
        return false;
      }
      await breathe();
    }
    return true;
  };

  /** What was put off until a time that the clock showed before may be due long before it shows that time again. */
  const afterSetBack = (now: Instant): void => {
    if (now < lastTurn) {
      for (const putOff of [asleep, inVain, leases]) putOff.clear();
      nextCleanup = now;
    }
    lastTurn = now;
  };

  const tick = async (): Promise<void> => {
    afterSetBack(clock.now());
    await timeOutWithoutDriver(deps, clock.now());
    if (clock.now() >= nextCleanup) {
      await withdrawLeftOpen(deps, clock.now());
      nextCleanup = clock.now() + CLEANUP_MS;
    }
    const active = await store.rollouts.active();
    deps.soak.onTurn(clock.now());
    // Who goes first where limits are shared.
    const inOrder = [...active].sort((a, b) => b.spec.priority - a.spec.priority);
    let unfinished = false;
    for (const { rollout } of inOrder) {
      try {
        unfinished = (await drive(rollout)) || unfinished;
      } catch (cause) {
        deps.onFailure(cause);
      }
    }
    if (unfinished) again = true;
  };

  /** One turn at a time; a call during a turn is answered by the next one. */
  const turn = (): Promise<void> => {
    if (turning) {
      again = true;
      return turning;
    }
    turning = (async () => {
      do {
        again = false;
        await tick().catch(deps.onFailure);
        await breathe();
      } while (again && !stopped);
    })().finally(() => {
      turning = undefined;
    });
    return turning;
  };

  return {
    tick: turn,
    poke: () => {
      // By hand means by hand: the turn that runs looks once more, and none is begun.
      if (!timer) again = turning !== undefined;
      if (stopped || soon || !timer) return;
      soon = setTimeout(() => {
        soon = undefined;
        void turn();
      }, GATHER_MS).unref();
    },
    start: () => {
      timer ??= setInterval(() => void turn(), TICK_MS).unref();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      await turning;
    },
  };
}

/** Reports come in crowds: one look serves all of a moment. */
const GATHER_MS = 20;

async function tryStep(take: () => Promise<Taken>): Promise<Taken | 'overtaken'> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof Overtaken) return 'overtaken';
    throw error;
  }
}
