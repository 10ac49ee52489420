import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runCommand } from './run-command.ts';

test('a command whose argument the operating system refuses is an answer and no exception', async () => {
  const { exitCode, ended } = await runCommand({ run: ['true', 'x'.repeat(3_000_000)] });
  expect([exitCode, ended]).toEqual([undefined, expect.stringContaining('true could not run: spawn E2BIG')]);
});

/** Uses up its descriptors, then starts a command of each kind. */
const WITHOUT_DESCRIPTORS = `
  const [{ openSync }, { runCommand }, { probeCommand }] = await Promise.all([
    import('node:fs'),
    import('${import.meta.resolve('./run-command.ts')}'),
    import('${import.meta.resolve('../health/command-probe.ts')}'),
  ]);
  await runCommand({ run: ['true'] });
  try {
    for (;;) openSync('/dev/null');
  } catch {}
  const ran = await runCommand({ run: ['true'] });
  const probed = await probeCommand({ run: ['true'] }, { folder: '/', signal: new AbortController().signal });
  process.stdout.write(ran.ended + '; ' + probed.detail);
`;

test('a robot without a free descriptor starts no command, and its agent goes on', async () => {
  const run = ['-c', 'ulimit -n 64 && exec "$0" --input-type=module -e "$1"', process.execPath, WITHOUT_DESCRIPTORS];
  const { stdout } = await promisify(execFile)('sh', run);
  expect(stdout).toBe('true could not run: spawn true EMFILE; true could not run: spawn true EMFILE');
});
