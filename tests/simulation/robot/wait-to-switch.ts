/**
 * The moment before the switch, as decision 16 has it: first the robot's own say (a lease, its window), then the
 * control plane's (a hold), and immediately before the switch one more question that must be answered without a hold.
 */
import type { Update } from '@fairlead/agent/update/steps';
import type { Refusal } from '@fairlead/shared/failure';
import { MINUTE, SECOND, toTimestamp } from '@fairlead/shared/time';
import type { ComponentOrder } from '@fairlead/shared/trust/assignment';
import type { StepResult } from '@fairlead/shared/update/journey';
import { askWindow } from '@fairlead/shared/update/window';
import type { World } from '../world/world.ts';
import type { Disk } from './disk.ts';
import type { Bell, Life } from './life.ts';
import { refusal } from './steps.ts';
import type { Traits } from './traits.ts';

/** What is asked of a robot again by itself, at the latest. */
const LOOK_AGAIN = MINUTE;

export interface Lease {
  readonly owner: string;
  readonly until: number;
}
export interface WaitDeps {
  readonly world: World;
  readonly traits: Traits;
  readonly disk: Disk;
  readonly life: Life;
  readonly lease: () => Lease | undefined;
  /** Something changed: a lease, an order. */
  readonly stirred: Bell;
  /** The order as last heard; undefined where it is not ordered, or nobody was asked since the start. */
  readonly orderOf: (update: Update) => ComponentOrder | undefined;
  /** One more check-in, now. False where it brought no answer that can be believed. */
  readonly ask: () => Promise<boolean>;
  /** Nothing on the robot itself speaks against the switch (or something does again). */
  readonly setReady: (ready: boolean) => void;
}
export interface Waiting {
  untilItMaySwitch(update: Update): Promise<StepResult>;
  /** Why not, asked once more in the switch itself. */
  askAfresh(update: Update): Promise<Refusal | undefined>;
}

export function waitToSwitch(deps: WaitDeps): Waiting {
  const { world, disk, life, stirred } = deps;
  const { agenda, overseer } = world;
  /** The order that was confirmed, and when: good for this very moment. */
  let confirmed: { readonly deployment: string; readonly at: number } | undefined;

  const objection = (): Refusal | undefined => {
    const now = agenda.now();
    const lease = deps.lease();
    const skips = disk.order?.override?.skips ?? [];
    if (lease && lease.until > now && !skips.includes('lease')) {
      return refusal('wait', 'lease', `${lease.owner} holds a lease until ${toTimestamp(lease.until)}.`);
    }
    const { window } = deps.traits;
    if (!window || skips.includes('window')) return undefined;
    const answer = askWindow(window, now);
    return answer.open ? undefined : refusal('wait', 'outside_window', `It opens at ${toTimestamp(answer.opensAt)}.`);
  };
  const pause = (ms: number, { signal }: Update): Promise<unknown> =>
    Promise.race([life.sleep(ms), stirred.rung(), aborted(signal)]);

  /** The control plane's say. Undefined: go. */
  const confirm = async (update: Update): Promise<Refusal | undefined> => {
    const { deployment } = update.journal;
    if (confirmed?.deployment === deployment && confirmed.at === agenda.now()) return undefined;
    if (!disk.order?.confirm && !disk.order?.hold) return undefined;
    if (!(await deps.ask())) return refusal('wait', 'not_confirmed', 'Nobody answered, so it is not now.');
    const order = deps.orderOf(update);
    if (!order) return refusal('wait', 'withdrawn', 'It is not ordered any more.');
    if (order.hold) return order.hold;
    confirmed = { deployment, at: agenda.now() };
    overseer.confirmed(deps.traits.name, deployment);
    return undefined;
  };

  return {
    async untilItMaySwitch(update) {
      for (let failures = 0; ; ) {
        if (update.signal.aborted) return { ok: false, refused: refusal('wait', 'cancelled', 'It was called off.') };
        const own = objection();
        const hold = own ? undefined : deps.orderOf(update)?.hold;
        // While it asks whether it may, it is as ready as while it waits to be let.
        deps.setReady(own === undefined);
        update.waits(own ?? hold);
        if (own ?? hold) {
          await pause(LOOK_AGAIN, update);
          continue;
        }
        const no = await confirm(update);
        // While the question was on its way the application may have taken a lease.
        if (!no && !objection()) return { ok: true };
        if (no?.category === 'not_confirmed') await pause(Math.min(60, 2 ** (failures += 1)) * SECOND, update);
        else if (no?.category === 'withdrawn') await pause(SECOND, update);
      }
    },
    askAfresh: async (update) => objection() ?? (await confirm(update)) ?? objection(),
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
