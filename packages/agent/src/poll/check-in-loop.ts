/** Beat 4, for ever: enrol where that is due, ask, obey, pause. Nothing that fails here ends it. */

import { type Refusal, refuse, sayRefusal } from '@fairlead/shared/failure';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import { type Clock, type Instant, SECOND } from '@fairlead/shared/time';
import { type Bell, pauseUnless } from '../bell.ts';
import type { AgentYaml } from '../config.ts';
import { type Pulse, TURN_MS } from '../lifeline/pulse.ts';
import type { Asked, Questioner } from './ask-for-assignment.ts';
import type { Obedience } from './obey-assignment.ts';
import type { Answer, OpenedAnswer } from './open-answer.ts';
import { type AgreedPace, believablePace, pauseAfterAnswer, pauseAfterFailure, type Random } from './pace.ts';
import { type Asking, type Heard, questionsInWaiting } from './questions-in-waiting.ts';
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
  /** Why the control plane gives this robot no orders; absent where it gives some. */
  readonly quarantined?: Refusal;
  /** Why the last check-in brought nothing. */
  readonly trouble?: Refusal;
}
export interface CheckInLoop {
  /** Runs until `stop` aborts. */
  run(stop: AbortSignal): Promise<void>;
  state(): CheckInState;
  /** Asks at once and resolves with what came of a question that was asked after this call. */
  askNow(signal: AbortSignal): Promise<Heard>;
}

/** Long enough to be a wait, and not an answer at once. */
const A_WAIT_MS = 1_000;
/** Whoever waits for an answer does something better then. */
const LONGEST_ASKED_MS = 60 * SECOND;

export function createCheckInLoop(deps: CheckInDeps): CheckInLoop {
  let state: CheckInState = {};
  let failures = 0;
  let earlyAnswers = 0;
  let agreed: AgreedPace | undefined;
  /** From the first signed pace on, an unsigned one counts no longer. */
  let isPaceSigned = false;
  let lastNews = '';
  const waiters = questionsInWaiting();

  const note = (trouble: Refusal | undefined): void => {
    if (trouble && trouble.category !== state.trouble?.category) deps.log('warn', sayRefusal(trouble));
    if (!trouble && state.trouble) deps.log('info', 'the control plane is heard again');
    const { trouble: _, ...rest } = state;
    state = trouble ? { ...rest, trouble } : rest;
  };

  const agree = (next: AgreedPace): void => {
    agreed = { ...believablePace(next), ...overridden(deps.overrides) };
  };
  const obey = async (asked: Asked, unbelieving: Refusal | undefined): Promise<Heard> => {
    const { reply, ...trip } = asked;
    if (!isPaceSigned) agree(reply.next);
    if (state.lifecycle !== reply.lifecycle) deps.log('info', `this robot is ${reply.lifecycle}`);
    const { quarantined } = reply;
    if (quarantined && quarantined.detail !== state.quarantined?.detail) {
      deps.log('warn', `this robot is quarantined: ${sayRefusal(quarantined)}`);
    }
    const { quarantined: before, ...rest } = state;
    if (before && !quarantined) deps.log('info', 'this robot is no longer quarantined');
    state = {
      ...rest,
      lastAnswer: deps.clock.now(),
      lifecycle: reply.lifecycle,
      ...(quarantined && { quarantined }),
    };
    if (!reply.assignment || unbelieving) {
      note(unbelieving);
      return refuse(unbelieving ?? notOrdered(reply.lifecycle));
    }
    const opened = await deps.open({ ...trip, envelope: reply.assignment });
    note(opened.ok ? opened.value.behind : opened.refused);
    if (!opened.ok) return opened;
    const { next } = opened.value.assignment;
    if (next) {
      isPaceSigned = true;
      agree(next);
    }
    await deps.obedience.obey(opened.value);
    await deps.enforce();
    return opened;
  };
  /** Whether it says something else than the answer before. A hold comes and goes without another `seq`. */
  const isNews = (heard: Heard): boolean => {
    const news = heard.ok ? sayNews(heard.value) : lastNews;
    const differs = news !== lastNews;
    lastNews = news;
    return differs;
  };

  /** One check-in; answers the pause after it, milliseconds. */
  const checkIn = async (waitSec: number, asking: Asking, signal: AbortSignal): Promise<number> => {
    const unbelieving = await deps.join();
    const asked = await deps.questioner.ask(waitSec, signal);
    const waited = asked.answeredAt - asked.askedAt >= A_WAIT_MS;
    const heard = await obey(asked, unbelieving);
    asking.settle(heard);
    // An answer that could not be worked with is no success: it must not reset the pauses.
    failures = 0;
    // Asked without patience, an early answer is what was wanted.
    earlyAnswers = isNews(heard) || waited || waitSec === 0 ? 0 : earlyAnswers + 1;
    return agreed ? pauseAfterAnswer(agreed, earlyAnswers, deps.random) : 0;
  };

  return {
    state: () => state,
    askNow(signal) {
      const heard = waiters.add(AbortSignal.any([signal, AbortSignal.timeout(LONGEST_ASKED_MS)]));
      deps.bell.ring();
      return heard;
    },
    async run(stop) {
      // The first question is answered at once: its short round trip is what makes the director's time believable.
      let waitSec = 0;
      while (!stop.aborted) {
        deps.pulse.promise('check-in', TURN_MS);
        const rung = deps.bell.listen();
        const asking = waiters.asking();
        // A question that somebody waits for is not given up for another one.
        const signal = asking.isEmpty ? AbortSignal.any([stop, rung]) : stop;
        let pause: number;
        try {
          pause = await checkIn(waitSec, asking, signal);
        } catch (error) {
          // Somebody wants an answer now: the long-poll was given up for a new question.
          if (signal.aborted) {
            waitSec = 0;
            continue;
          }
          failures += 1;
          pause = pauseAfterFailure(failures, error, deps.random);
          const trouble = sayCheckInError(error);
          asking.settle(refuse(trouble));
          note(trouble);
          deps.log('debug', `the check-in failed; the next one is in ${Math.round(pause)} ms`);
        }
        deps.pulse.promise('check-in', pause + TURN_MS);
        await pauseUnless(pause, stop, rung);
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

const sayNews = ({ assignment: { seq, components } }: OpenedAnswer): string =>
  JSON.stringify([seq, components.map(({ hold }) => hold ?? null)]);

const notOrdered = (lifecycle: Lifecycle): Refusal => ({
  phase: 'check-in',
  element: 'control plane',
  category: 'no_assignment',
  detail: `The control plane orders nothing of this robot, which is ${lifecycle}.`,
  retryable: true,
  hint: 'Look at the robot on the server: `fairlead robot show`.',
});
