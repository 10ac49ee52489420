/**
 * Under systemd standard output and standard error both go to the journal, where a line without a priority counts as
 * information: each program gives each of its lines the priority that it has (sd-daemon(3)). Elsewhere none is shown.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const AGENT = join(ROOT, 'packages/agent');
const CONTROL_PLANE = join(ROOT, 'packages/control-plane');

interface Program {
  readonly name: string;
  /** What it writes to standard error, one pattern per line. */
  readonly lines: readonly (readonly [priority: number, text: RegExp])[];
  readonly command: (folder: string) => readonly [file: string, args: readonly string[], env?: NodeJS.ProcessEnv];
  readonly input?: string;
}
const node = (file: string, ...args: string[]) => [process.execPath, ['--no-warnings', file, ...args]] as const;

const PROGRAMS: readonly Program[] = [
  {
    name: 'an agent whose configuration is wrong',
    command: (folder) => {
      writeFileSync(join(folder, 'agent.yaml'), 'server: nowhere\nrobot: Not A Name\n');
      return node(join(AGENT, 'src/main.ts'), '--config', join(folder, 'agent.yaml'), 'run');
    },
    lines: [
      [3, /agent\.yaml/],
      [3, /agent\.yaml/],
    ],
  },
  {
    name: 'an agent whose command line is wrong',
    command: () => node(join(AGENT, 'src/main.ts'), 'rnu'),
    lines: [
      [3, /^error: unknown command 'rnu'/],
      [3, /Did you mean run/],
    ],
  },
  {
    name: 'a control plane whose configuration is wrong',
    command: () => node(join(CONTROL_PLANE, 'src/main.ts'), '--config', '/nowhere/control-plane.yaml'),
    lines: [[3, /control-plane\.yaml/]],
  },
  {
    name: 'a launcher that passes over a damaged release, and whose agent does not start',
    command: (folder) => {
      const own = join(folder, 'components/fairlead-agent');
      mkdirSync(join(own, 'releases'), { recursive: true });
      symlinkSync('releases/2.0.0', join(own, 'active'));
      const env = { FAIRLEAD_ROOT: folder, FAIRLEAD_PACKAGED: '/nowhere' };
      return [join(AGENT, 'launcher/fairlead-launch'), ['run'], env];
    },
    lines: [
      [4, /^fairlead-launch: 2\.0\.0 is not whole; trying the one before it$/],
      [3, /^fairlead-launch: \/nowhere\/bin\/node does not start: /],
    ],
  },
  {
    name: 'the services helper that refuses a request',
    command: (folder) => {
      writeFileSync(join(folder, 'services.allow'), '');
      const env = { FAIRLEAD_SERVICES_ALLOW: join(folder, 'services.allow') };
      return [join(AGENT, 'launcher/fairlead-services'), [], env];
    },
    input: 'start sshd.service\n',
    lines: [[4, /^start sshd\.service: not-allowed$/]],
  },
  {
    name: 'the services helper that answers a question',
    command: (folder) => {
      writeFileSync(join(folder, 'services.allow'), 'duck.service\n');
      const env = { FAIRLEAD_SERVICES_ALLOW: join(folder, 'services.allow') };
      return [join(AGENT, 'launcher/fairlead-services'), [], env];
    },
    input: 'allowed duck.service\n',
    lines: [[6, /^allowed duck\.service: ok$/]],
  },
];

/** Runs it with standard error in a file that passes for the journal, or does not. Answers its lines. */
function linesOf({ command, input = '' }: Program, isJournal: boolean): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const fd = openSync(join(folder, 'stderr'), 'w');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const [file, args, more] = command(folder);
  const { JOURNAL_STREAM: _, ...env } = process.env;
  const journal = isJournal ? `${dev}:${ino}` : '8:12345';
  const ended = spawnSync(file, args, {
    stdio: ['pipe', 'ignore', fd],
    input,
    env: { ...env, ...more, JOURNAL_STREAM: journal },
  });
  closeSync(fd);
  expect(ended.error).toBeUndefined();
  return readFileSync(join(folder, 'stderr'), 'utf8').trimEnd().split('\n');
}

describe.each(PROGRAMS)('$name', (program) => {
  test('writes each line to the journal with its priority', () => {
    const lines = linesOf(program, true);
    expect(lines.filter((line) => !/^<[0-7]>/.test(line))).toEqual([]);
    for (const [at, [priority, text]] of program.lines.entries()) {
      expect(lines[at]?.slice(0, 3)).toBe(`<${priority}>`);
      expect(lines[at]?.slice(3)).toMatch(text);
    }
  });

  test('shows no priority elsewhere, where JOURNAL_STREAM was only inherited', () => {
    const lines = linesOf(program, false);
    for (const [at, [, text]] of program.lines.entries()) expect(lines[at]).toMatch(text);
  });
});

test.each([
  join(AGENT, 'systemd/fairlead-agent.service'),
  join(CONTROL_PLANE, 'systemd/fairlead-control-plane.service'),
  join(AGENT, 'systemd/fairlead-services@.service'),
])('what a runtime itself writes when it crashes is a warning in the journal: %s', (unit) => {
  expect(readFileSync(unit, 'utf8')).toMatch(/^SyslogLevel=warning$/m);
});
