/** A control plane as a process of its own with its trust set up, and its fleet written into the database beneath it. */
import { join } from 'node:path';
import { kyselyStore } from '@fairlead/control-plane/store/kysely-store';
import { openPostgres } from '@fairlead/control-plane/store/postgres-database';
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

/** `postgres`: the URL of an empty database; without one it is SQLite in the server's folder. */
export async function openWorld(folder: string, processes: Processes, postgres?: string): Promise<World> {
  const fleet = await openFleet(folder, processes, postgres === undefined ? {} : { args: ['--database', postgres] });
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
      const store =
        postgres === undefined
          ? kyselyStore(openSqlite(join(dataFolder, 'fairlead.db')))
          : kyselyStore(openPostgres({ url: postgres }), 'PostgreSQL');
      await seed(store, count);
      await store.close();
      fleet.server = await fleet.controlPlane.start();
    },
  };
}
