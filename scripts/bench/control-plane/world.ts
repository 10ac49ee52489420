/** A control plane as a process of its own with its trust set up, and its fleet written into the database beneath it. */
import { join } from 'node:path';
import { kyselyStore } from '@fairlead/control-plane/store/kysely-store';
import { openSqlite } from '@fairlead/control-plane/store/sqlite-database';
import type { Store } from '@fairlead/control-plane/store/store';
import { type LocalFleet, openFleet } from '../../local-fleet/local-fleet.ts';
import type { Processes } from '../../local-fleet/processes.ts';
import { type BenchRobot, benchRobots, seedRobots } from './bench-fleet.ts';

/** As a fleet has it. */
const PACE = { checkInIntervalSec: 30, checkInJitterSec: 5, longPollSec: 25, lateAfterSec: 90, offlineAfterSec: 300 };

export interface World {
  readonly fleet: LocalFleet;
  readonly url: string;
  /** All robots seeded so far. */
  readonly robots: readonly BenchRobot[];
  pid(): number;
  /** Stops the server, writes robots until there are `count`, and starts it again. */
  grow(count: number): Promise<void>;
}

export async function openWorld(folder: string, processes: Processes): Promise<World> {
  const fleet = await openFleet(folder, processes);
  await fleet.api.changeSettings({ body: PACE });
  const { url, dataFolder } = fleet.controlPlane;
  const robots: BenchRobot[] = [];
  const seed = async (store: Store, count: number) => {
    const more = benchRobots(robots.length, count);
    await seedRobots(store, more, Date.now());
    robots.push(...more);
  };
  return {
    fleet,
    url,
    robots,
    pid: () => fleet.server.pid,
    async grow(count) {
      await fleet.server.stop();
      const store = kyselyStore(openSqlite(join(dataFolder, 'fairlead.db')));
      await seed(store, count);
      await store.close();
      fleet.server = await fleet.controlPlane.start();
    },
  };
}
