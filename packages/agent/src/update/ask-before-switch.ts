/**
 * "May this robot switch now?", in the order in which it is asked: the robot's own conditions, then the hold of the
 * order, then, immediately before the switch, the control plane once more. Pausing a rollout binds here a second time.
 */
import type { Result } from '@fairlead/shared/failure';
import type { DeploymentId } from '@fairlead/shared/ids';
import { MINUTE } from '@fairlead/shared/time';
import type { Journal } from '@fairlead/shared/update/journal';
import type { StandingOrder } from './standing-order.ts';
import type { Permission, SwitchPermission } from './switch-permission.ts';

/** Port: whether a fresh answer of the control plane still orders this deployment, without a hold. */
export interface SwitchConfirmation {
  /** Refused with `category` `unreachable` or another where no answer could be had or believed (`heard: false`). */
  ask(question: ConfirmQuestion): Promise<Confirmation>;
}
export interface ConfirmQuestion {
  readonly deployment: DeploymentId;
  readonly candidate: Journal['candidate'];
  readonly signal: AbortSignal;
}
export type Confirmation = Result<void> & { readonly heard: boolean };

export interface AskDeps {
  readonly permission: SwitchPermission;
  readonly confirmation: SwitchConfirmation;
}
/** `ready`: nothing on the robot itself speaks against it. */
export type Answer = Permission & { readonly ready?: boolean };

/** What `wait` asks, as often as it likes: it disturbs nobody. */
export async function askToSwitch(
  { component }: Pick<Journal, 'component'>,
  order: StandingOrder,
  { permission }: Pick<AskDeps, 'permission'>,
): Promise<Answer> {
  const own = await permission.ask(component);
  if (!own.granted) return own;
  const reason = order.unconfirmed() ?? order.terms().hold;
  // The next answer of the control plane wakes whoever waits; the clock has nothing to do with it.
  return reason ? { granted: false, reason, askAgainInMs: 1 * MINUTE, ready: true } : own;
}

/** What `switch` asks, once, with the candidate measured and everything else done. */
export async function askBeforeSwitch(
  journal: Journal,
  order: StandingOrder,
  deps: AskDeps,
  signal: AbortSignal,
): Promise<Answer> {
  const asked = await askToSwitch(journal, order, deps);
  if (!asked.granted || !order.terms().confirm) return asked;
  const { deployment, candidate } = journal;
  const confirmed = await deps.confirmation.ask({ deployment, candidate, signal });
  if (!confirmed.ok) {
    const reason = confirmed.refused;
    // Asked again when the control plane is heard again: its own pauses are the back-off.
    if (!confirmed.heard) order.doubt(reason);
    return { granted: false, reason, askAgainInMs: 1 * MINUTE, ready: true };
  }
  // The question may have taken its time, and somebody on the robot may have begun a task meanwhile.
  return askToSwitch(journal, order, deps);
}
