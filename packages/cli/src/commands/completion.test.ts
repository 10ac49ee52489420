import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runFairlead } from '../testing/run-fairlead.ts';

const completed = async (line: string): Promise<string[]> => {
  const { stdout } = await runFairlead('completion bash');
  const words = line.split(' ');
  const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _fairlead; echo "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', `${stdout}\n${ask}`], { encoding: 'utf8' })
    .trim()
    .split(' ');
};

test('bash completes commands, subcommands and options', async () => {
  expect(await completed('fairlead dep')).toEqual(['deploy', 'deployment']);
  expect(await completed('fairlead robot acc')).toEqual(['accept']);
  expect(await completed('fairlead deploy --all --rel')).toEqual(['--release']);
});

test.each(['zsh', 'fish'])('%s gets a script of its own', async (shell) => {
  expect((await runFairlead(`completion ${shell}`)).stdout).toContain('decommission');
});
