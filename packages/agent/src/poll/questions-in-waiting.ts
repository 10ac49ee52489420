/** Who waits for the answer to a question that was not asked yet, and gets it when a question that began later has ended. */
import { type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { OpenedAnswer } from './open-answer.ts';

/** What came of one question: the answer as it was obeyed, or why there was none to obey. */
export type Heard = Result<OpenedAnswer>;

/** The question that is being asked now, for those who waited when it began. */
export interface Asking {
  readonly isEmpty: boolean;
  settle(heard: Heard): void;
}
export interface QuestionsInWaiting {
  /** Resolves with the first question that begins after this call, or as unanswered when the signal aborts. */
  add(signal: AbortSignal): Promise<Heard>;
  /** A question begins. One that is given up settles nobody: the next one is theirs too. */
  asking(): Asking;
}

export function questionsInWaiting(): QuestionsInWaiting {
  const waiting = new Set<(heard: Heard) => void>();
  return {
    add: (signal) =>
      new Promise((resolve) => {
        const settle = (heard: Heard): void => {
          waiting.delete(settle);
          signal.removeEventListener('abort', giveUp);
          resolve(heard);
        };
        const giveUp = (): void => settle(refuse(UNANSWERED));
        waiting.add(settle);
        signal.addEventListener('abort', giveUp);
        if (signal.aborted) giveUp();
      }),
    asking: () => {
      const theirs = [...waiting];
      return {
        isEmpty: theirs.length === 0,
        settle: (heard) => {
          for (const settle of theirs) settle(heard);
        },
      };
    },
  };
}

const UNANSWERED: Refusal = {
  phase: 'check-in',
  element: 'control plane',
  category: 'unreachable',
  detail: 'The control plane did not answer in time.',
  retryable: true,
  hint: 'Check the network, and `server`, `proxy` and `tls` in agent.yaml. What runs keeps running.',
};
