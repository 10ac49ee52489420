/** `--robot`, `--group`, `--selector`, `--all`: exactly one way to say which robots. */
import { Target } from '@fairlead/shared/fleet/target';
import { parse } from '@fairlead/shared/parse';
import type { Command } from 'commander';
import { existingRobot } from './arguments.ts';
import { CliError, EXIT } from './cli-error.ts';

export interface TargetOptions {
  readonly robot?: string;
  readonly group?: string;
  readonly selector?: string;
  readonly all?: boolean;
}

export const withTarget = (command: Command): Command =>
  command
    .option('--robot <name>', 'one robot', existingRobot)
    .option('--group <group>', 'all robots of a group')
    .option('--selector <selector>', "label selector: 'group=warehouse,env in (staging,production)'")
    .option('--all', 'every accepted robot');

/** @throws CliError (usage) where none, or more than one, is given. */
export function targetOf({ robot, group, selector, all }: TargetOptions): Target {
  const given = Object.entries({ robot, group, selector, all }).filter(([, value]) => value !== undefined);
  const target = parse(Target, Object.fromEntries(given));
  if (target.ok) return target.value;
  throw new CliError(
    given.length > 1 ? `Only one of ${given.map(([name]) => `--${name}`).join(', ')} can be meant.` : 'Which robots?',
    { hint: 'Give one of --robot NAME, --group GROUP, --selector SELECTOR or --all.', exitCode: EXIT.usage },
  );
}
