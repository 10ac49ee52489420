/** Delivers whenever there is something, backs off while nobody takes it. */
import { type Refusal, sayRefusal } from '@fairlead/shared/failure';
import { type Bell, pauseUnless } from '../bell.ts';
import { type Pulse, TURN_MS } from '../lifeline/pulse.ts';
import { pauseAfterFailure, type Random } from '../poll/pace.ts';
import { sayCheckInError } from '../poll/say-check-in-error.ts';

export interface DeliverLoopDeps {
  /** Sends one batch, a smaller one after each failure; resolves to how many facts are still to go. */
  readonly deliver: (failures: number, signal: AbortSignal) => Promise<number>;
  /** Rung when a fact was appended. */
  readonly bell: Bell;
  readonly pulse: Pick<Pulse, 'promise'>;
  readonly random: Random;
  readonly log: (level: 'warn', message: string) => void;
}
export interface DeliverLoop {
  run(stop: AbortSignal): Promise<void>;
  trouble(): Refusal | undefined;
}

/** Looks at least so often, milliseconds: cheap insurance against a ring that nobody heard. */
const LOOK_EVERY = 60_000;

export function createDeliverLoop(deps: DeliverLoopDeps): DeliverLoop {
  let trouble: Refusal | undefined;
  return {
    trouble: () => trouble,
    async run(stop) {
      let failures = 0;
      while (!stop.aborted) {
        // Longer than the longest pause below.
        deps.pulse.promise('deliver', 2 * TURN_MS);
        const rung = deps.bell.listen();
        try {
          const left = await deps.deliver(failures, stop);
          failures = 0;
          trouble = undefined;
          if (left === 0) await pauseUnless(LOOK_EVERY, stop, rung);
        } catch (error) {
          if (stop.aborted) return;
          failures += 1;
          const said = sayCheckInError(error);
          if (said.category !== trouble?.category) deps.log('warn', `reports wait: ${sayRefusal(said)}`);
          trouble = said;
          // Not until the next ring: new facts do not make a dead server answer.
          const pause = pauseAfterFailure(failures, error, deps.random);
          deps.pulse.promise('deliver', pause + TURN_MS);
          await pauseUnless(pause, stop);
        }
      }
    },
  };
}
