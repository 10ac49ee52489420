/** `completion`: a script for the shell, made from the commands themselves, so that it can't fall behind. */
import { Argument, type Command } from 'commander';
import type { CliContext } from '../context.ts';

export function addCompletionCommand(program: Command, { out }: CliContext): void {
  const shell = new Argument('<shell>').choices(Object.keys(SCRIPTS));
  program
    .command('completion')
    .description('print a completion script: eval "$(fairlead completion bash)"')
    .addArgument(shell)
    .action((name: keyof typeof SCRIPTS) => {
      const script = SCRIPTS[name](wordsOf(program));
      out.done({ shell: name, script }, () => out.text(script));
    });
}

/** What may follow each command path: 'robot list' -> ['--selector', …]. */
type Words = ReadonlyMap<string, readonly string[]>;

function wordsOf(command: Command, path = ''): Words {
  const options = command.options.map(({ long, short }) => long ?? short ?? '');
  const words = new Map([[path, [...command.commands.map((it) => it.name()), ...options]]]);
  for (const inner of command.commands) {
    for (const [at, found] of wordsOf(inner, `${path} ${inner.name()}`.trim())) words.set(at, [...found]);
  }
  return words;
}

const cases = (words: Words): string =>
  [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n');

const bash = (words: Words): string => `_fairlead() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases(words)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _fairlead fairlead
`;

const fish = (words: Words): string => {
  const lines = [...words].map(
    ([path, next]) => `complete -c fairlead -n "__fairlead_at ${path}" -a '${next.join(' ')}'`,
  );
  return `function __fairlead_at
  set -l words (string match -v -- '-*' (commandline -opc)[2..])
  test "$words" = "$argv"
end
${lines.join('\n')}
`;
};

const SCRIPTS = {
  bash,
  zsh: (words: Words): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`,
  fish,
};
