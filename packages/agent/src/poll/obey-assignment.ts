/**
 * From an opened answer to an update: what was withdrawn is called off, what is new is verified and begun, what
 * can't be begun is told, once. One update runs at a time and never holds up the next check-in.
 */
import { type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { Activity } from '@fairlead/shared/fleet/robot-facts';
import type { DeploymentId } from '@fairlead/shared/ids';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { Outbox } from '../outbox/outbox.ts';
import { refusalOf } from '../update/refusal-of.ts';
import type { Updater } from '../update/updater.ts';
import type { UpdateHistory } from '../update-history/update-history.ts';
import type { OpenedAnswer } from './open-answer.ts';
import type { VerifiedOrder } from './verified-order.ts';

export interface ObeyDeps {
  readonly updater: Pick<Updater, 'offer' | 'hear' | 'activity' | 'requestCancel' | 'wantsAgain'>;
  readonly outbox: Outbox;
  readonly history: Pick<UpdateHistory, 'onEnded'>;
  readonly verify: (order: ComponentOrder) => Promise<Result<VerifiedOrder>>;
  /** An update came to its end: whoever asks for assignments asks at once. */
  readonly onEnd: () => void;
  /** `offer` does not fail for what a release can do; a defect must not end the agent. */
  readonly onDefect: (error: unknown) => void;
}
export interface Obedience {
  obey(answer: OpenedAnswer): Promise<void>;
  /** What the robot does, including the order that waits for something before it can begin. */
  activity(): Activity;
  /** Resolves when the update that runs has ended. */
  settled(): Promise<void>;
}

export function createObedience(deps: ObeyDeps): Obedience {
  const { updater, outbox } = deps;
  let underWay: { readonly deployment: DeploymentId; readonly ended: Promise<void> } | undefined;
  let waiting: { readonly order: ComponentOrder; readonly refusal: Refusal } | undefined;
  /** The reasons for waiting that were told already, so that a robot without network does not fill its outbox. */
  const told = new Set<string>();

  const begin = (order: ComponentOrder, verified: VerifiedOrder): void => {
    waiting = undefined;
    const ended = updater.offer(verified).then(
      () => {
        underWay = undefined;
        deps.onEnd();
      },
      (error: unknown) => {
        underWay = undefined;
        return afterDefect(order, error);
      },
    );
    underWay = { deployment: order.deployment, ended };
  };
  /** The order is tried again after the next regular check-in: at once, the same defect would follow for ever. */
  const afterDefect = async (order: ComponentOrder, error: unknown): Promise<void> => {
    deps.onDefect(error);
    const refusal = refusalOf(error, 'decide', order.component);
    waiting = { order, refusal };
    // The disk that broke the update may take no report either; check-ins show the reason all the same.
    await tell(order, refusal).catch(deps.onDefect);
  };
  const tell = async ({ deployment, component, target }: ComponentOrder, refusal: Refusal): Promise<void> => {
    if (!refusal.retryable) {
      const { version } = target;
      await deps.history.onEnded({ component, version, outcome: 'rejected', deployment, refusal });
      outbox.append({ event: 'update-ended', deployment, component, outcome: 'rejected', refusal });
      return;
    }
    const reason = `${deployment} ${refusal.category} ${refusal.element}`;
    if (told.has(reason)) return;
    // Orders come and go; what was told long ago may be told again.
    if (told.size >= 1000) told.clear();
    told.add(reason);
    outbox.append({ event: 'update-state', deployment, component, state: 'waiting', refusal });
  };

  return {
    async obey({ assignment, behind }) {
      const { components } = assignment;
      await updater.hear(components);
      // What was begun may not show yet, and what shows may be from before this agent's start.
      for (const running of new Set([underWay?.deployment, updater.activity().deployment])) {
        if (running === undefined || components.some((order) => order.deployment === running)) continue;
        updater.requestCancel(running);
      }
      if (underWay || updater.activity().state !== 'idle') return;
      waiting = undefined;
      for (const order of components) {
        const again = updater.wantsAgain(order.component, order.target.sha256);
        if (outbox.hasEnded(order.deployment) && !again) continue;
        const verified = behind ? refuse(behind) : await deps.verify(order);
        if (verified.ok) return begin(order, verified.value);
        await tell(order, verified.refused);
        // The next component may go ahead: one that waits for a component may even wait for this one.
        if (verified.refused.retryable) waiting ??= { order, refusal: verified.refused };
      }
    },
    activity() {
      const activity = updater.activity();
      if (activity.state !== 'idle' || !waiting) return activity;
      const { order, refusal } = waiting;
      return { state: 'waiting', component: order.component, deployment: order.deployment, refusal };
    },
    settled: async () => {
      await underWay?.ended;
    },
  };
}
