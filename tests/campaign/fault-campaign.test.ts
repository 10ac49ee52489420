/** The command that users run, as it is installed: built, in a sandbox, with a score board at the end. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildAgent } from '../../scripts/package/build-agent.ts';
import { mayRecord } from './support/may-record.ts';

const LAUNCHER = join(import.meta.dirname, '../../packages/agent/launcher/fairlead-launch');
let agent: readonly string[];
const home = mkdtempSync(join(tmpdir(), 'fc-'));
beforeAll(async () => {
  agent = (await buildAgent({ into: join(home, 'agent') })).command;
  // Beside the agent, as the package puts it: without it no agent can update itself.
  copyFileSync(LAUNCHER, join(home, 'fairlead-launch'));
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaint: string;
}

/** The command prints a line of progress after each trial. No trial takes that long, on however busy a machine. */
const NO_PROGRESS_MS = 10 * 60_000;

function run(...args: readonly string[]): Promise<Ended> {
  const [program = '', ...first] = agent;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, complaint] = ['', ''];
    const hung = setTimeout(() => child.kill('SIGTERM'), NO_PROGRESS_MS);
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
      hung.refresh();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(hung);
      resolve({ code, out, complaint });
    });
  });
}

function newSandbox(): string {
  const sandbox = mkdtempSync(join(tmpdir(), 'sb-'));
  onTestFinished(() => rmSync(sandbox, { recursive: true, force: true }));
  return sandbox;
}

test.runIf(mayRecord)('no robot is lost, and nothing is left of the sandbox’s work', async () => {
  const sandbox = newSandbox();
  const trials = ['--cuts', '16', '--kills', '8', '--proof', '12', '--seed', '3'];
  const { code, out } = await run('--json', 'fault-campaign', '--sandbox', sandbox, ...trials);
  const board = JSON.parse(out);
  expect(board).toMatchObject({ verdict: 'unbroken', seed: 3, missing: [] });
  expect(board.stories.map(({ story }: { story: string }) => story)).toEqual([
    'update',
    'rollback',
    'first-install',
    'self-update',
  ]);
  for (const story of board.stories) expect(story).toMatchObject({ lost: 0, broken: 0, writeOrder: [], failures: [] });
  const total = (what: 'cuts' | 'kills') =>
    board.stories.reduce((sum: number, story: Record<string, number>) => sum + (story[what] ?? 0), 0);
  expect(total('cuts')).toBeGreaterThanOrEqual(16);
  expect(total('kills')).toBeGreaterThanOrEqual(6);
  expect(code).toBe(0);
  expect(readdirSync(sandbox)).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(sandbox);
});

test.runIf(mayRecord)('one trial can be made again by its name', async () => {
  const { code, out } = await run(
    'fault-campaign',
    '--sandbox',
    newSandbox(),
    '--replay',
    '3:update.kill.journal.3.after',
  );
  expect(out).toContain('update.kill.journal.3.after: after journal 3');
  expect(code).toBe(0);
});

test('a folder with other things in it is not touched', async () => {
  const sandbox = newSandbox();
  writeFileSync(join(sandbox, 'my-thesis.txt'), 'x');
  const { code, complaint } = await run('fault-campaign', '--sandbox', sandbox);
  expect(complaint).toContain('holds other things than a campaign (my-thesis.txt)');
  expect(code).toBe(2);
  expect(existsSync(join(sandbox, 'my-thesis.txt'))).toBe(true);
});

test.each([
  [['--story', 'moon-landing'], "There is no story 'moon-landing'."],
  [['--cuts', 'many'], "--cuts takes a whole number, not 'many'."],
  [['--replay', 'yesterday'], "'yesterday' names no trial."],
])('%j is answered with what is wrong', async (args, said) => {
  const { code, complaint } = await run('fault-campaign', '--sandbox', newSandbox(), ...args);
  expect(complaint).toContain(said);
  expect(code).toBe(2);
});
