/**
 * A robot has seen newer metadata than this repository holds: the database was restored from a backup. Robots refuse what
 * is older than what they have seen, and take another file of the same version for one that they know: they would
 * reject the next release as one that is not listed. So what is signed here is signed again above what they have seen.
 */
import type { TrustVersions } from '@fairlead/shared/fleet/robot-facts';
import type { RobotId } from '@fairlead/shared/ids';
import { DAY, type Instant, MINUTE } from '@fairlead/shared/time';
import type { Store } from '../store/store.ts';
import type { OnlineSigning } from './online-signing.ts';
import { readHead } from './repository-head.ts';
import { onlineVersions, signSnapshot } from './sign-online.ts';

/** A robot that lies must neither lift the versions to where they end, nor make this sign without end. */
const MOST_AT_ONCE = 1000;
const AT_MOST_EVERY = 10 * MINUTE;
/** One robot's word counts once in this time: after it an honest robot has nothing newer, and one that lies is not news. */
const EACH_ROBOT_EVERY = DAY;

export type OutrunRobots = (robot: RobotId, seen: Pick<TrustVersions, 'snapshot' | 'timestamp'>) => Promise<void>;

export function outrunRobots(store: Store, signing: OnlineSigning): OutrunRobots {
  let last: Instant = -Infinity;
  const believed = new Map<RobotId, Instant>();
  return async (robot, seen) => {
    const own = await onlineVersions(store.metadata);
    const now = signing.clock.now();
    if (own.timestamp === 0 || !isAhead(seen, own) || Math.abs(now - last) < AT_MOST_EVERY) return;
    if (Math.abs(now - (believed.get(robot) ?? -Infinity)) < EACH_ROBOT_EVERY) return;
    last = now;
    believed.set(robot, now);
    await store.transaction(async ({ metadata, audit }) => {
      const before = await onlineVersions(metadata);
      const head = await readHead(metadata);
      if (!head || !isAhead(seen, before)) return;
      const after = await signSnapshot(metadata, head, signing, {
        snapshot: Math.min(seen.snapshot, before.snapshot + MOST_AT_ONCE),
        timestamp: Math.min(seen.timestamp, before.timestamp + MOST_AT_ONCE),
      });
      await audit.append({
        at: now,
        by: 'control-plane',
        action: 'trust.restored',
        element: 'timestamp.json',
        detail:
          `${robot} has seen timestamp ${seen.timestamp} and snapshot ${seen.snapshot}, and this repository had ` +
          `${before.timestamp} and ${before.snapshot}: it was restored from a backup. They were signed again as ` +
          `${after.timestamp} and ${after.snapshot}. Publish again the releases that are missing.`,
        loud: true,
      });
    });
  };
}

const isAhead = (seen: Parameters<OutrunRobots>[1], own: Parameters<OutrunRobots>[1]): boolean =>
  seen.timestamp > own.timestamp || seen.snapshot > own.snapshot;
