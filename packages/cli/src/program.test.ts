import type { Command } from 'commander';
import { expect, test } from 'vitest';
import type { CliContext } from './context.ts';
import { createProgram } from './program.ts';
import { runFairlead } from './testing/run-fairlead.ts';

const WIDTH = 80;
const tooWide = (text: string): string[] => text.split('\n').filter((line) => line.length > WIDTH);

function* all(command: Command): Generator<Command> {
  yield command;
  for (const each of command.commands) yield* all(each);
}

test('no line of any help is wider than a terminal', () => {
  const { command } = createProgram(() => ({}) as CliContext);
  const helps = [...all(command)].map((each) => {
    let text = '';
    each.configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => WIDTH });
    each.outputHelp();
    return text;
  });
  expect(helps.length).toBeGreaterThan(50);
  expect(helps.flatMap(tooWide)).toEqual([]);
});

test.each([
  'rollout abort nosuch',
  'deployment show dep_nope',
  'alert ack al_x',
  'deploy --all --release walking@1.2.0 --stage abc:1x',
  'rollout list --state runing',
])('what is wrong with a command line is said within the width of the terminal: %s', async (line) => {
  const { exitCode, stderr } = await runFairlead(line, { terminal: true });
  expect(exitCode).toBe(2);
  expect(tooWide(stderr)).toEqual([]);
});

test.each([
  ['rollout list --state runing', 'running, paused'],
  ['deployment list --state ok', 'succeeded, degraded'],
  ['rollout robots latest --state ok', 'succeeded, degraded'],
  ['release list --env prod', 'development, staging, production'],
])('a word that is not in a list is refused with the list: %s', async (line, list) => {
  const { exitCode, stderr } = await runFairlead(line);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(list);
});

test.each([
  ['rollout show nosuch', 'begins with ro_'],
  ['deployment show nosuch', 'begins with dep_'],
])('an id that can be none is refused with what ids look like: %s', async (line, form) => {
  expect((await runFairlead(line)).stderr).toContain(form);
});

test('a glass that is broken for a reason too short to read is refused before anything is sent', async () => {
  const { exitCode, stderr, asked } = await runFairlead(
    'deploy --all --release walking@1.0.0 --emergency --force --reason x',
  );
  expect(exitCode).toBe(2);
  expect(stderr).toContain('at least 5 characters');
  expect(asked).toEqual([]);
});
