/**
 * "May this robot switch now?", in the order in which it is asked: the robot's own conditions, the hold of the order, and
 * immediately before the switch the control plane once more (pausing a rollout binds here a second time). The
 * application comes last of all: whoever says "safe" should not have to stand still for anything but the switch.
 */
import type { Refusal, Result } from '@fairlead/shared/failure';
import type { DeploymentId } from '@fairlead/shared/ids';
import { MINUTE } from '@fairlead/shared/time';
import type { Journal } from '@fairlead/shared/update/journal';
import type { SafeState } from '../conditions/safe-state.ts';
import type { StandingOrder } from './standing-order.ts';
import type { Permission, SwitchPermission } from './switch-permission.ts';

/** Port: whether a fresh answer of the control plane still orders this deployment, without a hold. */
export interface SwitchConfirmation {
  ask(question: ConfirmQuestion): Promise<Confirmation>;
}
export interface ConfirmQuestion {
  readonly deployment: DeploymentId;
  readonly candidate: Journal['candidate'];
  readonly signal: AbortSignal;
}
/** `heard`: there was an answer that could be believed. */
export type Confirmation = Result<void> & { readonly heard: boolean };

export interface AskDeps {
  readonly permission: SwitchPermission;
  readonly confirmation: SwitchConfirmation;
  readonly safeState: SafeState;
}
/** `ready`: nothing on the robot itself speaks against it. */
export type Answer = Permission & { readonly ready?: boolean };

/** What `wait` asks, as often as it has reason to. */
export async function askToSwitch(
  journal: Journal,
  order: StandingOrder,
  deps: Pick<AskDeps, 'permission' | 'safeState'>,
): Promise<Answer> {
  const robot = await askRobot(journal, order, deps);
  return robot.granted ? askApplication(journal, order, robot.skipped, false, deps) : robot;
}

/** What `switch` asks, once, with the candidate measured and everything else done. */
export async function askBeforeSwitch(
  journal: Journal,
  order: StandingOrder,
  deps: AskDeps,
  signal: AbortSignal,
): Promise<Answer> {
  let robot = await askRobot(journal, order, deps);
  if (!robot.granted) return robot;
  if (order.terms().confirm) {
    const { deployment, candidate } = journal;
    const confirmed = await deps.confirmation.ask({ deployment, candidate, signal });
    if (!confirmed.ok) {
      // Asked again when the control plane is heard again: its own pauses are the back-off.
      if (!confirmed.heard) order.doubt(confirmed.refused);
      return held(confirmed.refused);
    }
    // That may have taken its time, and somebody on the robot may have begun a task meanwhile.
    robot = await askRobot(journal, order, deps);
    if (!robot.granted) return robot;
  }
  const asked = await askApplication(journal, order, robot.skipped, true, deps);
  if (!asked.granted) {
    order.postpone(asked);
    return asked;
  }
  // An application that took its time to become safe must not outlast a hold that came meanwhile.
  const hold = order.terms().hold;
  return hold ? held(hold) : asked;
}

async function askRobot(
  { component }: Journal,
  order: StandingOrder,
  { permission }: Pick<AskDeps, 'permission'>,
): Promise<Answer> {
  const { hold, override } = order.terms();
  const own = await permission.ask(component, override?.skips);
  if (!own.granted) return own;
  const reason = order.unconfirmed() ?? hold;
  return reason ? held(reason) : own;
}

async function askApplication(
  journal: Journal,
  order: StandingOrder,
  skipped: readonly Refusal[] = [],
  final: boolean,
  { safeState }: Pick<AskDeps, 'safeState'>,
): Promise<Answer> {
  const { override } = order.terms();
  const answer = await safeState.ask(journal, final);
  const told = (all: readonly Refusal[]): Answer => ({ granted: true, ...(all.length > 0 && { skipped: all }) });
  if (answer.ok) return told(skipped);
  if (override?.skips.includes('safe-state')) return told([...skipped, answer.refused]);
  return { granted: false, reason: answer.refused, askAgainInMs: answer.retryAfterMs ?? 1 * MINUTE };
}

/** The next answer of the control plane wakes whoever waits; the clock has nothing to do with it. */
const held = (reason: Refusal): Answer => ({ granted: false, reason, askAgainInMs: 1 * MINUTE, ready: true });
