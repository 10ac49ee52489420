/**
 * The heartbeat registry: what each robot last said, held in memory and written to the store in batches, so
 * that check-ins never touch a row that assignments lock (DESIGN 7.9). A crash forgets at most one batch,
 * and the next check-ins say it again.
 */
import { setImmediate } from 'node:timers/promises';
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Heard, RobotFacts } from '../store/presence.ts';
import type { Store } from '../store/store.ts';
import { shareFacts } from './share-facts.ts';

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

/** One statement: a few milliseconds in which nobody else reads or writes. */
const LARGEST_BATCH = 200;

/** Reads what the last run of the server knew. */
export async function openPresenceRegistry(store: Store): Promise<PresenceRegistry> {
  const share = shareFacts();
  const known = (await store.presence.all()).map((one) => [one.robot, { ...one, facts: share(one.facts) }] as const);
  const heard = new Map<RobotId, Heard>(known);
  const changed = new Set<RobotId>();
  let flushing = Promise.resolve();

  const update = (robot: RobotId, facts: RobotFacts, at: Instant | undefined) => {
    const before = heard.get(robot);
    const lastSeen = at ?? before?.lastSeen;
    const now = { ...before?.facts, ...share(facts) };
    heard.set(robot, { robot, facts: now, ...(lastSeen !== undefined && { lastSeen }) });
    changed.add(robot);
  };

  /** Those that had changed when it began; who speaks meanwhile is in the next flush. */
  const writeChanged = async () => {
    const due = [...changed];
    for (let at = 0; at < due.length; at += LARGEST_BATCH) {
      // Check-ins that arrived during the last batch go first.
      if (at > 0) await setImmediate();
      await writeBatch(due.slice(at, at + LARGEST_BATCH));
    }
  };
  const writeBatch = async (robots: readonly RobotId[]) => {
    for (const robot of robots) changed.delete(robot);
    try {
      await store.presence.saveAll(robots.flatMap((robot) => heard.get(robot) ?? []));
    } catch (cause) {
      // Nothing of a failed batch was written: it joins the next one.
      for (const robot of robots) changed.add(robot);
      throw cause;
    }
  };

  return {
    seen: (robot, facts, at) => update(robot, facts, at),
    learn: (robot, facts) => update(robot, facts, undefined),
    of: (robot) => heard.get(robot),
    all: () => [...heard.values()],
    flush: () => {
      const next = flushing.then(writeChanged);
      flushing = next.catch(() => undefined);
      return next;
    },
  };
}
