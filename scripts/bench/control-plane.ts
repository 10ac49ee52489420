/**
 * What a fleet costs the control plane: `node scripts/bench/control-plane.ts [--robots 10000] [--seconds 20]
 * [--only memory,check-ins,questions,reports,long-polls,rollout] [--database sqlite|postgres] [--rate 600]`. A real server
 * process, real HTTP, real signatures; robots are rows and requests signed beforehand. Figures: docs/performance.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createOutput } from '@fairlead/cli/output';
import { startTestPostgres } from '@fairlead/control-plane/testing/test-postgres';
import { createProcesses } from '../local-fleet/processes.ts';
import { describeMachine } from './agent/machine.ts';
import { checkIns, measureCheckIns, measureLoad, type Throughput } from './control-plane/check-ins.ts';
import { measureLongPolls, measureMemory } from './control-plane/memory.ts';
import { askMeanwhile, type Question } from './control-plane/questions.ts';
import { measureReports } from './control-plane/reports.ts';
import { measureRollout } from './control-plane/rollout.ts';
import { openWorld } from './control-plane/world.ts';

const { values } = parseArgs({
  options: {
    robots: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
    database: { type: 'string', default: 'sqlite' },
    // Requests a second of all robots during the rollout: 10 000 of them ask 333 times, and report on top.
    rate: { type: 'string', default: '600' },
    only: { type: 'string', default: 'memory,check-ins,questions,reports,long-polls,rollout' },
  },
});
const wanted = values.only.split(',');
const [robots, seconds] = [Number(values.robots), Number(values.seconds)];

const out = createOutput({ json: () => false, stdout: process.stdout, stderr: process.stderr, env: process.env });
const LOAD = ['sockets', 'per second', 'CPU ms each', 'loop ms', 'per core', 'p50 ms', 'p99 ms', 'most', 'answers'];
/** Both ends of a socket are files of this machine. */
const MOST_SOCKETS = 9000;
const QUESTION = ['times', 'p50 ms', 'p99 ms'];
const questionRow = ({ name, times, p50, p99 }: Question) => [name, times, p50.toFixed(1), p99.toFixed(1)];
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
const postgres = values.database === 'postgres' ? await startTestPostgres({ durable: true }) : undefined;
try {
  out.table(['', ''], await describeMachine());
  const world = await openWorld(folder, processes, await postgres?.createDatabase());
  if (wanted.includes('memory')) {
    const told = await measureMemory(world, robots);
    out.table(
      ['memory', 'robots', 'anonymous MB'],
      told.map(({ name, robots: known, anonymousMb }) => [name, known, anonymousMb.toFixed(1)]),
    );
  }
  if (world.robots.length < robots) await world.grow(robots);
  if (wanted.includes('check-ins'))
    out.table(['check-ins', ...LOAD], (await measureCheckIns(world, seconds)).map(loadRow));
  if (wanted.includes('questions')) {
    const meanwhile = askMeanwhile(world);
    const perSecond = Math.ceil(robots / 30);
    const told = await measureLoad('each robot twice a minute', world, checkIns(world, perSecond * seconds), {
      connections: 64,
      perSecond,
    });
    out.table(['check-ins', ...LOAD], [loadRow(told)]);
    out.table(['meanwhile', ...QUESTION], (await meanwhile.stop()).map(questionRow));
  }
  if (wanted.includes('reports')) out.table(['reports', ...LOAD], [loadRow(await measureReports(world, seconds))]);
  if (wanted.includes('long-polls')) {
    const { polls, kbEach, wakeMs } = await measureLongPolls(world, Math.min(robots, MOST_SOCKETS));
    out.line(`${polls} long-polls held open, ${kbEach.toFixed(1)} kB each`);
    out.line(
      `from an operator's change to the robot's answer: p50 ${wakeMs.p50.toFixed(1)} ms, p99 ${wakeMs.p99.toFixed(1)} ms`,
    );
  }
  if (wanted.includes('rollout')) {
    const told = await measureRollout(world, { perSecond: Number(values.rate) });
    out.line(`rollout to ${told.robots} robots: ${told.state} after ${told.seconds.toFixed(0)} s`);
    out.line(`${told.requests} requests, ${told.cpuSeconds.toFixed(0)} s of the server's processors`);
    out.table(['meanwhile', ...QUESTION], told.questions.map(questionRow));
  }
  out.table(['', ''], await describeMachine());
} finally {
  await processes.stopAll();
  await postgres?.remove();
  await rm(folder, { recursive: true, force: true });
}
