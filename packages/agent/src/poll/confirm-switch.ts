/**
 * The question right before a switch: does a fresh answer, opened and obeyed as every other, still order this very
 * release without a hold? It is asked by the check-in loop in place of its long-poll, so that no two questions of one
 * robot are ever open and no answer can overtake another.
 */
import { type Refusal, refuse } from '@fairlead/shared/failure';
import type { Confirmation, ConfirmQuestion, SwitchConfirmation } from '../update/ask-before-switch.ts';
import type { CheckInLoop } from './check-in-loop.ts';

/** The update machine is made before the loop that asks for it. */
export interface LateConfirmation extends SwitchConfirmation {
  connect(to: SwitchConfirmation): void;
}

export function lateConfirmation(): LateConfirmation {
  const connected = Promise.withResolvers<SwitchConfirmation>();
  return {
    connect: connected.resolve,
    ask: async (question) => (await connected.promise).ask(question),
  };
}

export const confirmBy = (askNow: CheckInLoop['askNow']): SwitchConfirmation => ({
  ask: async (question) => {
    const heard = await askNow(question.signal);
    if (!heard.ok) return { ...refuse(heard.refused), heard: false };
    const { assignment, behind } = heard.value;
    const order = assignment.components.find(({ deployment }) => deployment === question.deployment);
    if (order?.target.sha256 !== question.candidate.manifestSha256) return no(withdrawn(question), true);
    if (order.hold) return no(order.hold, true);
    return behind ? no(behind, false) : { ok: true, value: undefined, heard: true };
  },
});

const no = (refused: Refusal, heard: boolean): Confirmation => ({ ok: false, refused, heard });

const withdrawn = ({ deployment, candidate }: ConfirmQuestion): Refusal => ({
  phase: 'switch',
  component: candidate.component,
  element: deployment,
  category: 'withdrawn',
  detail: `${candidate.component}@${candidate.version} is not ordered any more.`,
  retryable: true,
  hint: 'Deploy the release again when it is wanted.',
});
