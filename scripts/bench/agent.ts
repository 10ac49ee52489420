/**
 * What the agent costs a robot: `node scripts/bench/agent.ts [--minutes 10] [--updates 2000] [--rounds 10]
 * [--only idle,updates,switching] [--restart 'systemctl restart UNIT']`. Measures dist/agent-ARCH as a robot gets it
 * (`npm run build` first), or what FAIRLEAD_AGENT_MAIN names. Budgets and figures: docs/performance.md.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cell, createOutput } from '@fairlead/cli/output';
import { createProcesses } from '../local-fleet/processes.ts';
import { hostArchitecture } from '../package/build-agent.ts';
import type { Downtime } from './agent/downtime.ts';
import { describeMachine } from './agent/machine.ts';
import type { MemoryMb } from './agent/process-cost.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    updates: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string', default: 'idle,updates,switching' },
    restart: { type: 'string' },
  },
});
const wanted = values.only.split(',');
const main = (process.env['FAIRLEAD_AGENT_MAIN'] ??= join(
  import.meta.dirname,
  `../../dist/agent-${hostArchitecture()}/lib/main.js`,
));
if (!existsSync(main)) throw new Error(`There is no ${main}; build it first: npm run build.`);
// Only now: a pretended robot takes its agent from the environment.
const { openFleet } = await import('../local-fleet/local-fleet.ts');
const { measureIdle } = await import('./agent/idle.ts');
const { measureManyUpdates } = await import('./agent/many-updates.ts');
const { measureSwitching } = await import('./agent/switching.ts');

const MEMORY = ['resident MB', 'share MB', 'anonymous MB'];
const cells = ({ resident, share, anonymous }: MemoryMb): string[] =>
  [resident, share, anonymous].map((each) => each.toFixed(1));
const gap = ({ ms }: Downtime): number => ms;
const leastMedianMost = (all: readonly number[]): readonly number[] => {
  const sorted = all.toSorted((a, b) => a - b);
  return [sorted[0] ?? 0, sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0];
};

const out = createOutput({ json: () => false, stdout: process.stdout, stderr: process.stderr, env: process.env });
const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
const processes = createProcesses(join(folder, 'logs'));
const newFleet = async () => openFleet(await mkdtemp(join(folder, 'fleet-')), processes);
try {
  out.table(['', ''], await describeMachine());
  if (wanted.includes('updates')) {
    const told = await measureManyUpdates(main, folder, Number(values.updates), Number(values.updates) / 4);
    out.table(
      ['after updates', ...MEMORY],
      told.map(({ done, ...memory }) => [done, ...cells(memory)]),
    );
  }
  if (wanted.includes('idle')) {
    const { memory, cpuMsPerMinute } = await measureIdle(await newFleet(), Number(values.minutes));
    out.table(
      ['idle, minute', ...MEMORY, 'CPU ms'],
      memory.map((each, minute) => [minute, ...cells(each), cpuMsPerMinute[minute - 1]?.toFixed(0)]),
    );
    const mean = cpuMsPerMinute.reduce((sum, each) => sum + each, 0) / cpuMsPerMinute.length;
    out.line(`CPU of a minute: ${mean.toFixed(0)} ms, ${(mean / 600).toFixed(3)} % of a core`);
  }
  if (wanted.includes('switching')) {
    const restart = values.restart?.split(' ');
    const rounds = Number(values.rounds);
    const fleet = await newFleet();
    const { toSwitchMs, update, bareRestart } = await measureSwitching(fleet, { rounds, ...(restart && { restart }) });
    const row = (name: string, ms: readonly number[]): Cell[] => [
      name,
      ...leastMedianMost(ms).map((each) => each.toFixed(0)),
    ];
    out.table(
      [`milliseconds, ${rounds} times`, 'least', 'median', 'most'],
      [
        row('order to switched link', toSwitchMs),
        row('application down: update', update.map(gap)),
        row('application down: bare restart', bareRestart.map(gap)),
      ],
    );
    const slowest = Math.min(...[...update, ...bareRestart].map(({ questionsPerSec }) => questionsPerSec));
    out.line(`asked at least ${slowest.toFixed(0)} times a second`);
  }
} finally {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}
