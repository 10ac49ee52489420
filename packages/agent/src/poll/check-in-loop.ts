/** Beat 4, for ever: enrol where that is due, ask, obey, pause. Nothing that fails here ends it. */

import { type Refusal, sayRefusal } from '@fairlead/shared/failure';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import type { Clock, Instant } from '@fairlead/shared/time';
import { type Bell, pauseUnless } from '../bell.ts';
import type { AgentYaml } from '../config.ts';
import { type Pulse, TURN_MS } from '../lifeline/pulse.ts';
import type { Asked, Questioner } from './ask-for-assignment.ts';
import type { Obedience } from './obey-assignment.ts';
import type { Answer, OpenedAnswer } from './open-answer.ts';
import { type AgreedPace, pauseAfterAnswer, pauseAfterFailure, type Random } from './pace.ts';
import { sayCheckInError } from './say-check-in-error.ts';

export interface CheckInDeps {
  /**
   * Enrols and pins the root where that was not done yet; rejects where the robot could not even be introduced. Resolves
   * to why no answer can be believed: then the robot only says how it is.
   */
  readonly join: () => Promise<Refusal | undefined>;
  readonly questioner: Questioner;
  readonly open: (answer: Answer) => Promise<{ ok: true; value: OpenedAnswer } | { ok: false; refused: Refusal }>;
  readonly obedience: Obedience;
  /** After every answer: what the release key forbids to run. */
  readonly enforce: () => Promise<void>;
  readonly overrides: AgentYaml['checkIn'];
  readonly clock: Clock;
  readonly random: Random;
  readonly bell: Bell;
  readonly pulse: Pick<Pulse, 'promise'>;
  readonly log: (level: 'info' | 'warn' | 'debug', message: string, facts?: object) => void;
}
export interface CheckInState {
  readonly lastAnswer?: Instant;
  readonly lifecycle?: Lifecycle;
  /** Why the last check-in brought nothing. */
  readonly trouble?: Refusal;
}
export interface CheckInLoop {
  /** Runs until `stop` aborts. */
  run(stop: AbortSignal): Promise<void>;
  state(): CheckInState;
}

/** Long enough to be a wait, and not an answer at once. */
const A_WAIT_MS = 1_000;

export function createCheckInLoop(deps: CheckInDeps): CheckInLoop {
  let state: CheckInState = {};
  let failures = 0;
  let earlyAnswers = 0;
  let agreed: AgreedPace | undefined;
  let lastSeq = -1;

  const note = (trouble: Refusal | undefined): void => {
    if (trouble && trouble.category !== state.trouble?.category) deps.log('warn', sayRefusal(trouble));
    if (!trouble && state.trouble) deps.log('info', 'the control plane is heard again');
    const { trouble: _, ...rest } = state;
    state = trouble ? { ...rest, trouble } : rest;
  };

  const obey = async (asked: Asked, unbelieving: Refusal | undefined): Promise<boolean> => {
    const { reply, ...trip } = asked;
    agreed = { ...reply.next, ...overridden(deps.overrides) };
    if (state.lifecycle !== reply.lifecycle) deps.log('info', `this robot is ${reply.lifecycle}`);
    state = { ...state, lastAnswer: deps.clock.now(), lifecycle: reply.lifecycle };
    if (!reply.assignment || unbelieving) {
      note(unbelieving);
      return false;
    }
    const opened = await deps.open({ ...trip, envelope: reply.assignment });
    note(opened.ok ? opened.value.behind : opened.refused);
    if (!opened.ok) return false;
    await deps.obedience.obey(opened.value);
    await deps.enforce();
    const isNews = opened.value.assignment.seq !== lastSeq;
    lastSeq = opened.value.assignment.seq;
    return isNews;
  };

  /** One check-in; answers the pause after it, milliseconds. */
  const checkIn = async (waitSec: number, unbelieving: Refusal | undefined, signal: AbortSignal): Promise<number> => {
    const asked = await deps.questioner.ask(waitSec, signal);
    const waited = asked.answeredAt - asked.askedAt >= A_WAIT_MS;
    const isNews = await obey(asked, unbelieving);
    // An answer that could not be worked with is no success: it must not reset the pauses.
    failures = 0;
    // Asked without patience, an early answer is what was wanted.
    earlyAnswers = waited || isNews || waitSec === 0 ? 0 : earlyAnswers + 1;
    return agreed ? pauseAfterAnswer(agreed, earlyAnswers, deps.random) : 0;
  };

  return {
    state: () => state,
    async run(stop) {
      // The first question is answered at once: its short round trip is what makes the director's time believable.
      let waitSec = 0;
      while (!stop.aborted) {
        deps.pulse.promise('check-in', TURN_MS);
        const rung = deps.bell.listen();
        const signal = AbortSignal.any([stop, rung]);
        let pause: number;
        try {
          pause = await checkIn(waitSec, await deps.join(), signal);
        } catch (error) {
          // Somebody wants an answer now: the long-poll was given up for a new question.
          if (signal.aborted) {
            waitSec = 0;
            continue;
          }
          failures += 1;
          pause = pauseAfterFailure(failures, error, deps.random);
          note(sayCheckInError(error));
          deps.log('debug', `the check-in failed; the next one is in ${Math.round(pause)} ms`);
        }
        deps.pulse.promise('check-in', pause + TURN_MS);
        await pauseUnless(pause, signal);
        waitSec = rung.aborted || failures > 0 ? 0 : (agreed?.waitSec ?? 0);
      }
    },
  };
}

function overridden(overrides: AgentYaml['checkIn']): Partial<AgreedPace> {
  const { intervalSec, jitterSec, longPollSec } = overrides ?? {};
  return {
    ...(intervalSec !== undefined && { intervalSec }),
    ...(jitterSec !== undefined && { jitterSec }),
    ...(longPollSec !== undefined && { waitSec: longPollSec }),
  };
}
