/**
 * What a fleet costs the control plane: `node scripts/bench/control-plane.ts [--robots 10000] [--seconds 20]
 * [--only check-ins,reports]`. A real server process, real HTTP, real signatures; robots are rows and requests signed
 * beforehand. Figures: docs/performance.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createOutput } from '@fairlead/cli/output';
import { createProcesses } from '../local-fleet/processes.ts';
import { describeMachine } from './agent/machine.ts';
import { measureCheckIns, type Throughput } from './control-plane/check-ins.ts';
import { measureReports } from './control-plane/reports.ts';
import { openWorld } from './control-plane/world.ts';

const { values } = parseArgs({
  options: {
    robots: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
    only: { type: 'string', default: 'check-ins,reports' },
  },
});
const wanted = values.only.split(',');
const [robots, seconds] = [Number(values.robots), Number(values.seconds)];

const out = createOutput({ json: () => false, stdout: process.stdout, stderr: process.stderr, env: process.env });
const LOAD = ['', 'sockets', 'per second', 'CPU ms each', 'loop ms', 'per core', 'p50 ms', 'p99 ms', 'most', 'answers'];
const loadRow = (told: Throughput) => [
  told.name,
  told.connections,
  told.perSecond.toFixed(0),
  told.cpuMs.toFixed(3),
  told.loopMs.toFixed(3),
  (1000 / told.cpuMs).toFixed(0),
  told.p50.toFixed(1),
  told.p99.toFixed(1),
  told.most.toFixed(1),
  Object.entries(told.answers)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', '),
];

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
const processes = createProcesses(join(folder, 'logs'));
try {
  out.table(['', ''], await describeMachine());
  const world = await openWorld(folder, processes);
  await world.grow(robots);
  if (wanted.includes('check-ins'))
    out.table(['check-ins', ...LOAD.slice(1)], (await measureCheckIns(world, seconds)).map(loadRow));
  if (wanted.includes('reports'))
    out.table(['reports', ...LOAD.slice(1)], [loadRow(await measureReports(world, seconds))]);
} finally {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}
