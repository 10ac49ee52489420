/**
 * The heartbeat registry: what each robot last said, held in memory and written to the store in batches, so
 * that check-ins never touch a row that assignments lock (DESIGN 7.9). A crash forgets at most one batch,
 * and the next check-ins say it again.
 *
 * Several replicas hold it at once: each batch first takes in what the others wrote since, so that an older observation
 * never replaces a newer one, and facts that only one replica was told (an inventory) are lost by none.
 */
import { setImmediate } from 'node:timers/promises';
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Heard, RobotFacts } from '../store/presence.ts';
import type { Slices, Store } from '../store/store.ts';
import { isBefore, isSince } from './observed-at.ts';
import { shareFacts } from './share-facts.ts';

export interface PresenceRegistry {
  /**
   * A check-in that arrived `at`: facts that it does not carry (an unchanged inventory) stay as they were. False, and nothing
   * changes, where the robot has described itself since this check-in was signed.
   */
  seen(robot: RobotId, facts: RobotFacts, at: Instant): boolean;
  /**
   * Facts that are no sign of life, such as the inventory of an enrolment that was decided just now. Nothing changes where
   * the robot has described itself since.
   */
  learn(robot: RobotId, facts: RobotFacts): void;
  /** What this robot last said; absent where it never said anything. */
  of(robot: RobotId): Heard | undefined;
  all(): readonly Heard[];
  /** Writes everything that changed since the last flush; one batch at a time. True where there was something. */
  flush(): Promise<boolean>;
  /** Writes only what was learned: robots are judged by it, so other replicas must not wait for the next batch. */
  flushLearned(): Promise<boolean>;
  /** Takes in what other replicas wrote. */
  refresh(): Promise<void>;
}

/** What this replica was told of a robot and has not written yet. */
interface News {
  readonly facts: RobotFacts;
  readonly at?: Instant;
}

/** One statement: a few milliseconds in which nobody else reads or writes. */
const LARGEST_BATCH = 200;

/** Reads what the last run of the server knew. */
export async function openPresenceRegistry(store: Store): Promise<PresenceRegistry> {
  const share = shareFacts();
  const heard = new Map<RobotId, Heard>();
  const news = new Map<RobotId, News>();
  const learned = new Set<RobotId>();
  const beingWritten = new Map<RobotId, News>();
  let revision = -1;
  let flushing: Promise<unknown> = Promise.resolve();

  /** False where something newer is known. */
  const update = (robot: RobotId, told: News): boolean => {
    const known = heard.get(robot);
    if (isOutdated(told, known)) return false;
    heard.set(robot, afterArrival(known, robot, told));
    const before = news.get(robot);
    news.set(robot, before ? together(before, told) : told);
    return true;
  };

  const takeIn = async (presence: Slices['presence']) => {
    const written = await presence.since(revision);
    for (const theirs of written.heard) {
      let known: Heard = { ...theirs, facts: share(theirs.facts) };
      for (const ours of [beingWritten.get(theirs.robot), news.get(theirs.robot)]) {
        if (ours) known = merge(known, theirs.robot, ours);
      }
      heard.set(theirs.robot, known);
    }
    revision = Math.max(revision, written.revision);
  };

  /** Those that had changed when it began; who speaks meanwhile is in the next flush. */
  const write = async (due: readonly RobotId[]) => {
    for (let at = 0; at < due.length; at += LARGEST_BATCH) {
      // Check-ins that arrived during the last batch go first.
      if (at > 0) await setImmediate();
      await writeBatch(due.slice(at, at + LARGEST_BATCH));
    }
    return due.length > 0;
  };
  const writeBatch = async (robots: readonly RobotId[]) => {
    for (const robot of robots) {
      const told = news.get(robot);
      if (told) beingWritten.set(robot, told);
      news.delete(robot);
      learned.delete(robot);
    }
    try {
      revision = await store.transaction(async ({ presence }) => {
        await takeIn(presence);
        return presence.saveAll(robots.flatMap((robot) => heard.get(robot) ?? []));
      });
    } catch (cause) {
      // Nothing of a failed batch was written: it joins the next one.
      for (const [robot, told] of beingWritten) {
        const later = news.get(robot);
        news.set(robot, later ? together(told, later) : told);
      }
      throw cause;
    } finally {
      beingWritten.clear();
    }
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = flushing.then(work);
    flushing = next.catch(() => undefined);
    return next;
  };

  await takeIn(store.presence);
  return {
    seen: (robot, facts, at) => update(robot, { facts: share(facts), at }),
    learn: (robot, facts) => {
      if (update(robot, { facts: share(facts) })) learned.add(robot);
    },
    of: (robot) => heard.get(robot),
    all: () => [...heard.values()],
    flush: () => inTurn(() => write([...news.keys()])),
    flushLearned: () => inTurn(() => write([...learned].filter((robot) => news.has(robot)))),
    refresh: () => inTurn(() => takeIn(store.presence)),
  };
}

/**
 * What is accepted here counts from then on, whatever the clock shows: it may have been set back since the check-in before,
 * and what that one said would else be taken for the truth until the clock has caught up.
 */
const afterArrival = (known: Heard | undefined, robot: RobotId, { facts, at = known?.lastSeen }: News): Heard => ({
  robot,
  facts: { ...known?.facts, ...facts },
  ...(at !== undefined && { lastSeen: at }),
});

/** The newer observation counts, and the older one where the newer says nothing. */
function merge(theirs: Heard, robot: RobotId, ours: News): Heard {
  if (!isOlder(ours, theirs)) return afterArrival(theirs, robot, ours);
  return { ...theirs, facts: { ...ours.facts, ...theirs.facts } };
}

/**
 * Whether `told` was observed before what is known. A robot whose clock was set back is no different at first: it signs anew
 * with the time of the server. What is known of the future shows that the clock of the server itself was set back: then
 * nothing can be compared.
 */
function isOutdated({ facts, at = Infinity }: News, known: Heard | undefined): boolean {
  const before = known?.facts.observedAt;
  return before !== undefined && isSince(facts.observedAt, before, at);
}

/** Of two replicas. A replica of an older version stores only when a check-in arrived. */
function isOlder({ facts, at }: News, { facts: others, lastSeen }: Heard): boolean {
  const [observed, other] = [facts.observedAt, others.observedAt];
  if (observed !== undefined && other !== undefined) return isBefore(observed, other);
  return at !== undefined && lastSeen !== undefined && at < lastSeen;
}

const together = (before: News, told: News): News => {
  const at = told.at ?? before.at;
  return { facts: { ...before.facts, ...told.facts }, ...(at !== undefined && { at }) };
};
