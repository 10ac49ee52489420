/**
 * What the agent costs a robot: `node scripts/bench/agent.ts [--only idle,updates,large,switching]`, `npm run build` first.
 * `--minutes 10` idle, `--updates 2000` in one process, a `--megabytes 1000` release from build to commit, `--rounds 10` of switching, beside a bare restart of the same
 * program or, with `--restart 'systemctl restart UNIT' --restart-url URL`, of a unit of this machine. Measures
 * dist/agent-ARCH, or what FAIRLEAD_AGENT_MAIN names. Budgets and figures: docs/performance.md.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cell, createOutput } from '@fairlead/cli/output';
import { createProcesses } from '../local-fleet/processes.ts';
import { hostArchitecture } from '../package/build-agent.ts';
import { describeMachine } from './agent/machine.ts';
import type { MemoryMb } from './agent/process-cost.ts';
import type { Round } from './agent/switching.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    updates: { type: 'string', default: '2000' },
    megabytes: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '10' },
    only: { type: 'string', default: 'idle,updates,large,switching' },
    restart: { type: 'string' },
    'restart-url': { type: 'string' },
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
const { serviceOfMachine } = await import('./agent/bare-service.ts');
const { measureIdle } = await import('./agent/idle.ts');
const { measureLargeRelease } = await import('./agent/large-release.ts');
const { measureManyUpdates } = await import('./agent/many-updates.ts');
const { measureSwitching } = await import('./agent/switching.ts');

const MEMORY = ['resident MB', 'share MB', 'anonymous MB'];
const cells = ({ resident, share, anonymous }: MemoryMb): string[] =>
  [resident, share, anonymous].map((each) => each.toFixed(1));
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
  if (wanted.includes('large')) {
    const parts = await measureLargeRelease(await newFleet(), Number(values.megabytes));
    out.table(
      [`release of ${values.megabytes} MB, resident MB`, 'before', 'peak', 'after'],
      parts.map(({ who, before, peak, after }) => [
        who,
        ...[before, peak, after].map((each) => each?.toFixed(0) ?? ''),
      ]),
    );
  }
  if (wanted.includes('switching')) {
    const restart = values.restart === undefined ? [] : values.restart.split(' ');
    const bare = restart.length > 0 ? serviceOfMachine(values['restart-url'] ?? '', restart) : undefined;
    const rounds = await measureSwitching(await newFleet(), Number(values.rounds), bare);
    const row = (name: string, of: (round: Round) => number): Cell[] => [
      name,
      ...leastMedianMost(rounds.map(of)).map((each) => each.toFixed(0)),
    ];
    out.table(
      [`milliseconds, ${rounds.length} times`, 'least', 'median', 'most'],
      [
        row('order to switched link', ({ toSwitchMs }) => toSwitchMs),
        row('nobody answers: update', ({ update }) => update.ms),
        row('nobody answers: bare restart', ({ bareRestart }) => bareRestart.ms),
        row('update less bare restart', ({ update, bareRestart }) => update.ms - bareRestart.ms),
      ],
    );
    const asked = rounds.flatMap(({ update, bareRestart }) => [update, bareRestart]);
    const [least = 0] = leastMedianMost(asked.map(({ questionsPerSec }) => questionsPerSec));
    out.line(`asked at least ${least.toFixed(0)} times a second`);
    out.table(
      ['real updates', ...MEMORY],
      rounds.map(({ memory }, round) => [round + 2, ...cells(memory)]),
    );
  }
} finally {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}
