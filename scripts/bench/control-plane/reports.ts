/** Durable reports: each delivery is signed twice, placed in its chain, applied and on the disk before its answer. */
import { measureLoad, type Throughput } from './check-ins.ts';
import { updateReports } from './signed-requests.ts';
import type { World } from './world.ts';

const WARM = 100;
const PER_ROBOT = 6;

/** Whole updates of as many robots as fit into the time, told report by report. */
export async function measureReports(world: World, seconds: number): Promise<Throughput> {
  const warm = await measureLoad('', world, inTurn(world, 0, WARM), { connections: 32 });
  const fit = Math.ceil((warm.perSecond * seconds) / PER_ROBOT);
  const requests = inTurn(world, WARM, Math.min(WARM + fit, world.robots.length));
  return measureLoad('one in each delivery', world, requests, { connections: 32 });
}

/** All robots' first reports, then all second ones: no robot's next report overtakes its last. */
function inTurn({ url, robots }: World, from: number, to: number): Buffer[] {
  const chains = robots.slice(from, to).map((robot) => updateReports(url, robot));
  return Array.from({ length: PER_ROBOT }, (_, at) => chains.flatMap((chain) => chain[at] ?? [])).flat();
}
