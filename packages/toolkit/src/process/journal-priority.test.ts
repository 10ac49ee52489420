import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { withPriorities } from './journal-priority.ts';

test('each line begins with the priority that journalctl -p asks for', () => {
  const lines: string[] = [];
  const log = pino(
    { level: 'trace', base: null, timestamp: false },
    withPriorities({ write: (line) => lines.push(line) }),
  );
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]('x');
  expect(lines.map((line) => line.slice(0, 3))).toEqual(['<7>', '<7>', '<6>', '<4>', '<3>', '<2>']);
  expect(lines[2]).toBe('<6>{"level":30,"msg":"x"}\n');
});

test.each([
  ['to the journal of systemd, with its priority', (journal: string) => journal, '<4>{'],
  ['elsewhere, where JOURNAL_STREAM was only inherited, without', () => '8:12345', '{'],
  ['elsewhere, without systemd, without', () => undefined, '{'],
])('a program logs %s', (_where, streamOf, begins) => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  const fd = openSync(file, 'w');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const script = `import { safeLogger } from '${new URL('safe-logger.ts', import.meta.url).href}';
    safeLogger({}).warn('x');`;
  const { JOURNAL_STREAM: _, ...env } = process.env;
  const stream = streamOf(`${dev}:${ino}`);
  const { stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', fd, 'pipe'],
    env: { ...env, ...(stream !== undefined && { JOURNAL_STREAM: stream }) },
    encoding: 'utf8',
  });
  closeSync(fd);
  expect(stderr).toBe('');
  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${begins}`));
});
