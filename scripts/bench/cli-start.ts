/**
 * What starting a command costs before it does anything: wall time (median of `--runs N`, default 5, after one run
 * that may fill the compile cache) and peak memory, beside a Node that does nothing. Nothing needs to be running:
 * `status` is asked of nobody, so all that is measured is what had to be loaded to ask.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'packages/cli/bin/fairlead.js');
const AGENT = join(ROOT, 'packages/agent/bin/fairlead-agent.js');
/** The child's own word, on a descriptor of its own: nothing else on a system tells it without help. */
const TELL_PEAK = `data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)))`;
const NOBODY = 'http://127.0.0.1:1';

const COMMANDS: readonly (readonly [name: string, ...args: string[]])[] = [
  ['node, nothing', '-e', '0'],
  ['fairlead --help', CLI, '--help'],
  ['fairlead status', CLI, 'status', '--server', NOBODY],
  ['fairlead deploy', CLI, 'deploy', '--server', NOBODY, '--robot', 'duck-1', '--release', 'duck-policy@1.0.0'],
  ['fairlead release verify', CLI, 'release', 'verify', '/dev/null'],
  ['fairlead-agent --help', AGENT, '--help'],
  ['fairlead-agent status', AGENT, '--config', '/dev/null', 'status'],
];

const home = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
try {
  process.stdout.write(`${'command'.padEnd(26)} ${'wall ms'.padStart(8)} ${'peak MB'.padStart(8)}\n`);
  for (const [name, ...args] of COMMANDS) {
    await run(args);
    const runs = [];
    for (let at = 0; at < Number(values.runs); at++) runs.push(await run(args));
    const ms = median(runs.map((it) => it.ms)).toFixed(0);
    const mb = median(runs.map((it) => it.peakKb / 1024)).toFixed(0);
    process.stdout.write(`${name.padEnd(26)} ${ms.padStart(8)} ${mb.padStart(8)}\n`);
  }
} finally {
  await rm(home, { recursive: true, force: true });
}

function run(args: readonly string[]): Promise<{ readonly ms: number; readonly peakKb: number }> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const env = { ...process.env, FAIRLEAD_HOME: home };
    const child = spawn(process.execPath, ['--import', TELL_PEAK, ...args], {
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    let told = '';
    child.stdio[3]?.on('data', (chunk) => (told += String(chunk)));
    child.once('error', reject);
    // That nobody answers ends some of them with an error, which is as good an end as any.
    child.once('close', () => resolve({ ms: performance.now() - started, peakKb: Number(told) }));
  });
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
