/** Hints and documents name commands; a person types them as they stand, so each exists and has the options named. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '@fairlead/agent/commands/command-line';
import { createContext } from '@fairlead/cli/context';
import { createProgram } from '@fairlead/cli/program';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const files = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean);
const SOURCES = files('packages/*/src/*.ts').filter((file) => !/\.test\.ts$|\/testing\//.test(file));
const PAGES = files('README.md', 'CHANGELOG.md', 'docs/*.md');

const { command: fairlead } = createProgram((options) =>
  createContext({
    env: {},
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    transport: () => Promise.reject(new Error('no command is run')),
    send: () => Promise.reject(new Error('no command is run')),
    options,
  }),
);
type Command = typeof fairlead;
const agent = fairlead.createCommand('fairlead-agent').version('0').option('--config <file>').option('--json');
// Adding a command only describes it: the context is for those that run.
for (const add of COMMANDS) add(agent, {} as Parameters<typeof add>[1]);

/** `fairlead` before these is the product or a file name in a sentence. */
const PROSE = new Set(['file', 'in', 'runs', 'fairlead', 'to', 'is']);
const NAMED = /(?<![\w./@-]|--owner )fairlead(-agent)? ([a-z-][^\n`'";,:()|>#\\]*)/g;

/** What is wrong with the commands that `text` names. */
function mistakes(text: string, [root, agentRoot]: readonly [Command, Command]): string[] {
  const plain = text.replaceAll(/\$\{[^{}`'"?]*\}/g, 'VALUE');
  return [...plain.matchAll(NAMED)].flatMap(([, isAgent, rest = '']) => {
    const words = (rest.split(/\.(?:\s|$)/)[0] ?? '').trim().split(/\s+/);
    return PROSE.has(words[0] ?? '') ? [] : judge(isAgent ? agentRoot : root, words);
  });
}

function judge(root: Command, words: readonly string[]): string[] {
  const said = `${root.name()} ${words.join(' ')}`;
  let command = root;
  let values = 0;
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (word.startsWith('--')) {
      const [name = '', value] = word.split('=');
      const option = [...root.options, ...command.options].find(({ long }) => long === name);
      if (option === undefined && name !== '--help') return [`${said}: no option ${name}`];
      isValue = option?.required === true && value === undefined;
      continue;
    }
    const inner = command.commands.find((each) => each.name() === word);
    if (inner) command = inner;
    else if (command === root && word === 'help') return [];
    else if (command.commands.length > 0) return /^[a-z]/.test(word) ? [`${said}: no command ${word}`] : [];
    else if (/^[A-Z]+$/.test(word)) values += 1;
    // A word in lower case is the sentence that goes on.
    else break;
  }
  const takes = command.registeredArguments;
  const isVariadic = takes.some(({ variadic }) => variadic);
  return values > takes.length && !isVariadic ? [`${said}: takes ${takes.length} arguments`] : [];
}

const BOTH = [fairlead, agent] as const;

test('a command that does not exist, or lacks an option, is found', () => {
  expect(mistakes('run `fairlead rollout rewind ${id}` now', BOTH)).toHaveLength(1);
  expect(mistakes('fairlead robot accept ROBOT --loudly', BOTH)).toHaveLength(1);
  expect(mistakes('fairlead status ROBOT', BOTH)).toHaveLength(1);
  expect(mistakes('fairlead-agent rollback ${component} --yes. Then wait.', BOTH)).toEqual([]);
});

test('each command that the code names exists, with its options', () => {
  const wrong = SOURCES.flatMap((file) => {
    const code = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '');
    return mistakes(code, BOTH).map((mistake) => `${file}: ${mistake}`);
  });
  expect(wrong).toEqual([]);
});

test('each command that a document names exists, with its options', () => {
  const wrong = PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const commands = [...text.matchAll(/```sh\n([\s\S]*?)```|`(fairlead(?:-agent)? [^`]*)`/g)]
      .map(([, block, inline]) => block ?? inline ?? '')
      .join('\n')
      .replaceAll('\\\n', ' ')
      .replaceAll(/'[^']*'|"[^"]*"/g, 'TEXT');
    return mistakes(commands, BOTH).map((mistake) => `${page}: ${mistake}`);
  });
  expect(wrong).toEqual([]);
});
