/**
 * A store that keeps robots and their keys in memory once they were asked for: each check-in asks, and hardly anything
 * changes them. A change binds at once, because whoever writes through this store makes it forget; the next reader asks
 * the database. What another process writes has to be told with `forget`.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RobotId, Sha256 } from '@fairlead/shared/ids';
import { eachRobot } from '../fleet/each-robot.ts';
import type { RobotKey, RobotRecord, Robots } from './robots.ts';
import type { Store } from './store.ts';

export interface RememberingStore {
  readonly store: Store;
  /** Somebody else may have changed this robot, or any robot where none is named. */
  forget(robot?: RobotId): void;
}

export function rememberRobots(inner: Store): RememberingStore {
  const records = new Map<RobotId, RobotRecord>();
  const keys = new Map<Sha256, RobotKey>();
  /** All of them by name, once somebody asked; those in `stale` have to be asked for again. */
  let everybody: readonly RobotRecord[] | undefined;
  const stale = new Set<RobotId>();
  const inTransaction = new AsyncLocalStorage<true>();
  /** Rises with everything forgotten: what was asked for before that may be old already. */
  let epoch = 0;

  const forget = (robots: Iterable<RobotId>, keyids: Iterable<Sha256>) => {
    epoch += 1;
    for (const robot of robots) {
      records.delete(robot);
      stale.add(robot);
    }
    for (const keyid of keyids) keys.delete(keyid);
  };
  const recall = async <K, V>(kept: Map<K, V>, key: K, ask: () => Promise<V | undefined>): Promise<V | undefined> => {
    // Inside a transaction the store refuses, whether or not it is known here.
    const known = inTransaction.getStore() ? undefined : kept.get(key);
    if (known !== undefined) return known;
    const askedIn = epoch;
    const found = await ask();
    if (found !== undefined && askedIn === epoch) kept.set(key, found);
    return found;
  };

  /** Page by page: read at once, a fleet of ten thousand holds up everybody else for half a second. */
  const readAll = async (): Promise<readonly RobotRecord[]> => {
    const found: RobotRecord[] = [];
    for await (const record of eachRobot(inner.robots)) found.push(record);
    return found;
  };

  /** A fleet is read once; after that only those that changed. */
  const recallAll = async (): Promise<readonly RobotRecord[]> => {
    if (everybody && stale.size === 0 && !inTransaction.getStore()) return everybody;
    const askedIn = epoch;
    const known = stale.size <= MOST_STALE ? everybody : undefined;
    const names = new Set(stale);
    const found = known ? replaced(known, names, await inner.robots.named([...names])) : await readAll();
    // Somebody changed meanwhile: then it is as good as any answer that was on its way, and not kept.
    if (askedIn !== epoch) return known ? inner.robots.all() : found;
    everybody = found;
    stale.clear();
    for (const record of found) records.set(record.robot, record);
    return found;
  };

  /** Each change, named by the robots and keys it touches. A method that is new to the port does not compile without its line. */
  const writing = (robots: Robots, touched: (robot?: RobotId, keyid?: Sha256) => void): Robots => ({
    find: (robot) => robots.find(robot),
    named: (names) => robots.named(names),
    all: () => robots.all(),
    page: (after, limit) => robots.page(after, limit),
    count: (lifecycle) => robots.count(lifecycle),
    findKey: (keyid) => robots.findKey(keyid),
    save(record) {
      touched(record.robot);
      return robots.save(record);
    },
    insertKey(key) {
      touched(key.robot, key.keyid);
      return robots.insertKey(key);
    },
    blockKey(keyid, at) {
      touched(undefined, keyid);
      return robots.blockKey(keyid, at);
    },
  });

  /** Runs `work`, and forgets what it touched before anybody hears that it is done. */
  const forgetting = async <T>(
    work: (touched: (robot?: RobotId, keyid?: Sha256) => void) => Promise<T>,
  ): Promise<T> => {
    const robots = new Set<RobotId>();
    const keyids = new Set<Sha256>();
    try {
      return await work((robot, keyid) => {
        if (robot !== undefined) robots.add(robot);
        if (keyid !== undefined) keyids.add(keyid);
      });
    } finally {
      // Also after a failure: whether a commit that failed half-way counts, only the database knows.
      if (robots.size + keyids.size > 0) forget(robots, keyids);
    }
  };

  const { robots } = inner;
  const store: Store = {
    ...inner,
    robots: {
      find: (robot) => recall(records, robot, () => robots.find(robot)),
      findKey: (keyid) => recall(keys, keyid, () => robots.findKey(keyid)),
      named: (names) => robots.named(names),
      all: recallAll,
      // Whoever searches a fleet reads it page by page: not once more from the database, where it was read before.
      page: async (after, limit) =>
        everybody && stale.size <= MOST_STALE && !inTransaction.getStore()
          ? pageOf(await recallAll(), after, limit)
          : robots.page(after, limit),
      count: (lifecycle) => robots.count(lifecycle),
      save: (record) => forgetting((touched) => writing(robots, touched).save(record)),
      insertKey: (key) => forgetting((touched) => writing(robots, touched).insertKey(key)),
      blockKey: (keyid, at) => forgetting((touched) => writing(robots, touched).blockKey(keyid, at)),
    },
    transaction: (work) =>
      forgetting((touched) =>
        inTransaction.run(true, () =>
          inner.transaction((slices) => work({ ...slices, robots: writing(slices.robots, touched) })),
        ),
      ),
  };
  return {
    store,
    forget(robot) {
      if (robot === undefined) {
        everybody = undefined;
        return forget(records.keys(), keys.keys());
      }
      const record = records.get(robot);
      // Whoever asks for a key asks for its robot next, so the record nearly always knows which one it is.
      const keyids = record ? [record.keyid] : [...keys.values()].filter((key) => key.robot === robot).map(toKeyid);
      forget([robot], keyids);
    },
  };
}

/** More than that, and reading all of them is as quick. */
const MOST_STALE = 1000;

/** The same list with those names as they are now; a name that is new finds its place. */
function replaced(
  known: readonly RobotRecord[],
  names: ReadonlySet<RobotId>,
  fresh: readonly RobotRecord[],
): readonly RobotRecord[] {
  const others = known.filter(({ robot }) => !names.has(robot));
  // Already sorted runs are merged in one pass.
  return [...others, ...fresh].sort((a, b) => (a.robot < b.robot ? -1 : 1));
}

/** `all` is sorted by name. */
function pageOf(all: readonly RobotRecord[], after: RobotId | undefined, limit: number): readonly RobotRecord[] {
  let [from, to] = [0, after === undefined ? 0 : all.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((all[middle]?.robot ?? '') > (after ?? '')) to = middle;
    else from = middle + 1;
  }
  return all.slice(from, from + limit);
}

const toKeyid = ({ keyid }: RobotKey): Sha256 => keyid;
