/**
 * The heartbeat registry: what each robot last said, held in memory and written to the store in batches, so
 * that check-ins never touch a row that assignments lock (DESIGN 7.9). A crash forgets at most one batch,
 * and the next check-ins say it again.
 */
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Heard, RobotFacts } from '../store/presence.ts';
import type { Store } from '../store/store.ts';

export interface PresenceRegistry {
  /** A check-in: facts that it does not carry (an unchanged inventory) stay as they were. */
  seen(robot: RobotId, facts: RobotFacts, at: Instant): void;
  /** Facts that are no sign of life, such as the inventory of an enrolment that was decided just now. */
  learn(robot: RobotId, facts: RobotFacts): void;
  /** What this robot last said; absent where it never said anything. */
  of(robot: RobotId): Heard | undefined;
  all(): readonly Heard[];
  /** Writes everything that changed since the last flush; one batch at a time. */
  flush(): Promise<void>;
}

/** Reads what the last run of the server knew. */
export async function openPresenceRegistry(store: Store): Promise<PresenceRegistry> {
  const heard = new Map((await store.presence.all()).map((one) => [one.robot, one]));
  let changed = new Set<RobotId>();
  let flushing = Promise.resolve();

  const update = (robot: RobotId, facts: RobotFacts, at: Instant | undefined) => {
    const before = heard.get(robot);
    const lastSeen = at ?? before?.lastSeen;
    heard.set(robot, { robot, facts: { ...before?.facts, ...facts }, ...(lastSeen !== undefined && { lastSeen }) });
    changed.add(robot);
  };

  const writeBatch = async () => {
    const batch = changed;
    if (batch.size === 0) return;
    changed = new Set();
    try {
      await store.transaction(async ({ presence }) => {
        for (const robot of batch) {
          const now = heard.get(robot);
          if (now) await presence.save(now);
        }
      });
    } catch (cause) {
      // Nothing of a failed batch was written: it joins the next one.
      for (const robot of batch) changed.add(robot);
      throw cause;
    }
  };

  return {
    seen: (robot, facts, at) => update(robot, facts, at),
    learn: (robot, facts) => update(robot, facts, undefined),
    of: (robot) => heard.get(robot),
    all: () => [...heard.values()],
    flush: () => {
      const next = flushing.then(writeBatch);
      flushing = next.catch(() => undefined);
      return next;
    },
  };
}
