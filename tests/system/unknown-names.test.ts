/** A name or id that is malformed or unknown: the error names it, and the command that lists the right ones. */
import type { CliContext } from '@fairlead/cli/context';
import { createProgram } from '@fairlead/cli/program';
import { runFairlead } from '@fairlead/cli/testing/run-fairlead';
import { injectTransport, TEST_URL } from '@fairlead/control-plane/testing/inject-transport';
import { PASSWORD, testControlPlane } from '@fairlead/control-plane/testing/test-control-plane';
import { expect, test } from 'vitest';

type Command = ReturnType<typeof createProgram>['command'];
const MALFORMED = 'Not/A_Name!';

interface Named {
  /** Well-formed, and nobody has it. */
  readonly unknown?: string;
  /** What the next step names. */
  readonly list: string;
  /** With NAME in place of the name or id. */
  readonly commands: readonly string[];
}

const ROLLOUT_VERBS =
  'show,watch,robots,history,approve,deny,pause,resume,promote,abort,switch,switch-back,finalise,retry'.split(',');
const NAMES: readonly Named[] = [
  {
    unknown: 'al_0123456789',
    list: 'fairlead alert list',
    commands: ['alert ack NAME', 'alert resolve NAME --reason seen'],
  },
  {
    unknown: 'ro_0123456789',
    list: 'fairlead rollout list',
    commands: [...ROLLOUT_VERBS.map((verb) => `rollout ${verb} NAME`), 'rollout abort NAME --revert --yes'],
  },
  {
    unknown: 'dep_0123456789',
    list: 'fairlead deployment list',
    commands: ['deployment show NAME', 'deployment cancel NAME'],
  },
  {
    unknown: 'ghost',
    list: 'fairlead robot list',
    commands: [
      ...['show', 'accept', 'reject', 'readmit', 'decommission'].map((verb) => `robot ${verb} NAME`),
      'robot label NAME site=munich',
      'explain NAME',
      'history --robot NAME',
      'rollback --robot NAME --component walking',
      'deploy --robot NAME --release walking@1.0.0',
    ],
  },
  {
    unknown: 'walking@9.9.9',
    list: 'fairlead release list',
    commands: ['release show NAME --env production'],
  },
  {
    list: 'fairlead release list',
    commands: [
      'deploy --all --release NAME',
      'release promote NAME --from staging --to production',
      'release revoke NAME --env production --reason bad',
    ],
  },
  { unknown: 'nights', list: 'fairlead window list', commands: ['window delete NAME'] },
  { unknown: 'pond', list: 'fairlead group list', commands: ['group show NAME', 'group delete NAME'] },
  {
    unknown: 'eve',
    list: 'fairlead user list',
    commands: ['user role NAME --role viewer', 'user password NAME --password-file -', 'user delete NAME'],
  },
  { unknown: 'tok_0123456789', list: 'fairlead token list', commands: ['token delete NAME'] },
];
const COMMANDS = NAMES.flatMap(({ commands, ...named }) => commands.map((line) => ({ line, ...named })));

test('a malformed and an unknown name or id end in what was wrong, where, and what to do next', async () => {
  const controlPlane = await testControlPlane();
  await controlPlane.as('admin');
  const { operator } = controlPlane.withToken();
  const { token } = await operator.login({ body: { name: 'the-admin', password: PASSWORD } });
  const env = { FAIRLEAD_TOKEN: token, FAIRLEAD_SERVER: TEST_URL };
  const wrong: string[] = [];
  for (const { line, unknown, list } of COMMANDS) {
    for (const name of [MALFORMED, ...(unknown === undefined ? [] : [unknown])]) {
      const words = line.split(' ').map((word) => (word === 'NAME' ? name : word));
      const { exitCode, stdout, stderr } = await runFairlead(words, {
        env,
        transport: injectTransport(controlPlane.app),
        stdin: `${PASSWORD}\n`,
      });
      const isRight = exitCode !== 0 && stdout === '' && stderr.startsWith('error: ') && stderr.includes(name);
      if (!isRight || !/^next: /m.test(stderr) || !stderr.includes(list)) {
        wrong.push(`${words.join(' ')} (${exitCode}): ${stdout}${stderr}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** Arguments that make something new, or are none of the fleet's names. */
const NOT_NAMES = [
  'options',
  'target',
  'key',
  'dir',
  'file',
  'model',
  'role',
  'preset',
  'environment',
  'key=value',
  'label[=value]',
  'label',
];

test('every command that takes a name or an id is tried here', () => {
  const { command } = createProgram(() => ({}) as CliContext);
  const takesName = (each: Command) =>
    each.registeredArguments.some((argument) => !NOT_NAMES.includes(argument.name()));
  const makesNew = (name: string) => / (create|completion)$/.test(` ${name}`);
  const found = commandsOf(command).filter(([name, each]) => takesName(each) && !makesNew(name));
  const tried = COMMANDS.map(({ line }) => line);
  expect(found.map(([name]) => name).filter((name) => !tried.some((line) => line.startsWith(`${name} `)))).toEqual([]);
});

const commandsOf = ({ commands }: Command, path = ''): [string, Command][] =>
  commands.flatMap((each) => {
    const name = `${path} ${each.name()}`.trim();
    return [[name, each as Command], ...commandsOf(each as Command, name)];
  });
