import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { expect, onTestFinished, test } from 'vitest';

const BIN = join(import.meta.dirname, '../../packages/cli/bin/fairlead.js');

/** The machine's own Node, where it is older than the one the project brings. */
function oldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((it) => !it.includes('node_modules'));
  const found = folders.map((folder) => join(folder, 'node')).filter((file) => existsSync(file));
  return found.find(
    (file) => Number.parseInt(execFileSync(file, ['--version'], { encoding: 'utf8' }).slice(1), 10) < 24,
  );
}
const old = oldNode();
if (old === undefined) process.stdout.write('skipped: this machine has no Node older than 24\n');
const nodes: [name: string, file: string][] = [['this Node', process.execPath]];
if (old !== undefined) nodes.push(['the machine’s old Node', old]);

const { NODE_COMPILE_CACHE: _, ...withoutCache } = process.env;

test.each(nodes)('%s runs fairlead from any folder', (_, node) => {
  const help = execFileSync(node, [BIN, '--help'], { cwd: tmpdir(), encoding: 'utf8' });
  expect(help).toContain('Exit codes:');
});

test.each(nodes)(
  '%s keeps what it compiled in the home of who runs it, and only where nobody else can write',
  async (_, node) => {
    const home = await mkdtemp(join(tmpdir(), 'fairlead-home-'));
    onTestFinished(() => removeTree(home));
    const compiled = join(home, 'compiled');
    const help = (FAIRLEAD_HOME: string) =>
      execFileSync(node, [BIN, '--help'], {
        encoding: 'utf8',
        timeout: 20_000,
        env: { ...withoutCache, FAIRLEAD_HOME },
      });

    expect(help('/proc/no-such-home')).toContain('Exit codes:');
    await mkdir(compiled, { mode: 0o777 });
    // Past the umask.
    await chmod(compiled, 0o777);
    help(home);
    expect(await readdir(compiled)).toEqual([]);
    await chmod(compiled, 0o700);
    help(home);
    expect(await readdir(compiled)).not.toEqual([]);
  },
);

test.each(nodes)('with %s, fairlead server ends in order when a service manager says so', async (_, node) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-server-'));
  const args = [BIN, 'server', '--data', folder, '--listen', '127.0.0.1:0'];
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await removeTree(folder);
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  await expect.poll(() => said, { timeout: 20_000 }).toContain('is listening');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
