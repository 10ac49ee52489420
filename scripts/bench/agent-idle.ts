/**
 * What an idle agent costs a robot: a real agent, accepted by a real control plane, that has nothing to do.
 * Prints memory after it settled, and the CPU time of a minute with its check-ins. Options: `--seconds N`,
 * `--settle N`, `--wait N` (long-poll, as the fleet setting; default 25).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addRobot, openFleet } from '../local-fleet/local-fleet.ts';
import { createProcesses } from '../local-fleet/processes.ts';
import { waitFor } from '../local-fleet/wait-for.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    settle: { type: 'string', default: '20' },
    wait: { type: 'string', default: '25' },
  },
});
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
const processes = createProcesses(join(folder, 'logs'));
try {
  const fleet = await openFleet(folder, processes);
  const pace = { checkInIntervalSec: 30, checkInJitterSec: 5, longPollSec: Number(values.wait) };
  await fleet.api.changeSettings({ body: { ...pace, lateAfterSec: 90, offlineAfterSec: 300 } });
  const { agent } = await addRobot(fleet, { name: 'idle-1' });
  await waitFor(
    'the robot to be online',
    async () => (await fleet.api.fleetStatus()).presence['online'] === 1 || undefined,
  );
  await sleep(Number(values.settle) * 1000);
  const before = await cpuMs(agent.pid);
  await sleep(Number(values.seconds) * 1000);
  const cpu = (await cpuMs(agent.pid)) - before;
  const memory = await memoryMb(agent.pid);
  console.log(`resident   ${memory('Rss')} MB`);
  console.log(`share      ${memory('Pss')} MB (shared pages counted by share)`);
  console.log(`anonymous  ${memory('Anonymous')} MB (what no other process could use)`);
  console.log(`CPU        ${((cpu * 60) / Number(values.seconds)).toFixed(0)} ms per minute`);
} finally {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}

async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function memoryMb(pid: number): Promise<(name: string) => number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (name) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / 1024);
}
