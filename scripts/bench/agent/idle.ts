/** An idle robot: a real agent, accepted by a real control plane, that has nothing to do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { addRobot, type LocalFleet } from '../../local-fleet/local-fleet.ts';
import { waitFor } from '../../local-fleet/wait-for.ts';
import { cpuMsOf, type MemoryMb, memoryOf } from './process-cost.ts';

/** As a fleet sets it; 25 s of long-poll and a pause of 30 make two questions a minute. */
const PACE = { checkInIntervalSec: 30, checkInJitterSec: 5, longPollSec: 25, lateAfterSec: 90, offlineAfterSec: 300 };
const SETTLE_MS = 20_000;
const MINUTE_MS = 60_000;

export interface IdleCost {
  /** After it settled, and after each minute. */
  readonly memory: readonly MemoryMb[];
  readonly cpuMsPerMinute: readonly number[];
}

export async function measureIdle(fleet: LocalFleet, minutes: number): Promise<IdleCost> {
  await fleet.api.changeSettings({ body: PACE });
  const { agent } = await addRobot(fleet, { name: 'idle-1' });
  const isOnline = async () => (await fleet.api.fleetStatus()).presence['online'] === 1 || undefined;
  await waitFor('the robot to be online', isOnline);
  await sleep(SETTLE_MS);
  const memory = [await memoryOf(agent.pid)];
  const cpu = [await cpuMsOf(agent.pid)];
  for (let minute = 0; minute < minutes; minute += 1) {
    await sleep(MINUTE_MS);
    memory.push(await memoryOf(agent.pid));
    cpu.push(await cpuMsOf(agent.pid));
  }
  await agent.stop();
  return { memory, cpuMsPerMinute: cpu.slice(1).map((after, at) => after - (cpu[at] ?? 0)) };
}
