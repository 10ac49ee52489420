/**
 * What the control plane said last of the orders that this robot works on: it may hold a switch, grant it and take the
 * grant back while the release lies staged here (docs/decisions/0016-holds-and-confirmation.md).
 */
import type { Refusal } from '@fairlead/shared/failure';
import type { DeploymentId } from '@fairlead/shared/ids';
import type { ComponentOrder, OrderTerms } from '@fairlead/shared/trust/assignment';
import { type Bell, createBell } from '../bell.ts';

/** The order of one update, as its steps see it. */
export interface StandingOrder {
  terms(): OrderTerms;
  /** Why the control plane could not confirm the switch when it was asked; forgotten with its next answer. */
  unconfirmed(): Refusal | undefined;
  doubt(why: Refusal): void;
  /** The application said no in the last moment: it is not asked again before this. */
  postpone(until: Postponed): void;
  /** What was postponed, once. */
  postponed(): Postponed | undefined;
  /** Aborts when the answer to "may it switch?" may have become another one. Listen first, ask second. */
  news(): AbortSignal;
}

export interface Postponed {
  readonly reason: Refusal;
  readonly askAgainInMs: number;
}

export interface StandingOrders {
  of(deployment: DeploymentId): StandingOrder;
  /**
   * A verified answer arrived. Returns the deployments whose terms it changed. What it leaves out is forgotten, but for
   * `kept`: those are called off, and a hold binds until they have ended.
   */
  hear(orders: readonly ComponentOrder[], kept: ReadonlySet<DeploymentId>): readonly DeploymentId[];
  /** After a restart: what the journal remembers counts until the control plane is heard. */
  recall(deployment: DeploymentId, terms: OrderTerms): void;
}

/** `bell` is rung by whatever may change the answer to "may it switch?". */
export function standingOrders(bell: Bell = createBell()): StandingOrders {
  let known = new Map<DeploymentId, OrderTerms>();
  const doubts = new Map<DeploymentId, Refusal>();
  let postponed: Postponed | undefined;
  return {
    of: (deployment) => ({
      terms: () => known.get(deployment) ?? {},
      unconfirmed: () => doubts.get(deployment),
      doubt: (why) => void doubts.set(deployment, why),
      postpone: (until) => void (postponed = until),
      postponed: () => {
        const until = postponed;
        postponed = undefined;
        return until;
      },
      news: bell.listen,
    }),
    hear(orders, kept) {
      const next = new Map(orders.map((order) => [order.deployment, termsOf(order)]));
      const changed = orders.flatMap(({ deployment }) =>
        say(next.get(deployment)) === say(known.get(deployment)) ? [] : [deployment],
      );
      for (const [deployment, terms] of known) {
        if (kept.has(deployment) && !next.has(deployment)) next.set(deployment, terms);
      }
      known = next;
      if (changed.length > 0 || doubts.size > 0) bell.ring();
      doubts.clear();
      return changed;
    },
    recall(deployment, terms) {
      if (!known.has(deployment)) known.set(deployment, terms);
    },
  };
}

const termsOf = ({ hold, confirm, override }: OrderTerms): OrderTerms => ({
  ...(hold && { hold }),
  ...(confirm && { confirm }),
  ...(override && { override }),
});

const say = (terms: OrderTerms = {}): string => JSON.stringify(terms);
