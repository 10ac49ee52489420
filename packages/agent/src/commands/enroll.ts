/** `fairlead-agent enroll`: introduce this robot now; `run` would do it by itself at its first check-in. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { FirstConfig } from '../enrol/first-config.ts';
import { openRobotKey, retireRobotKey } from '../identity/robot-key.ts';
import { becomeOwnerOf } from './become-owner.ts';
import type { CommandContext } from './command-context.ts';
import { requireOwner } from './rights.ts';

interface EnrollOptions extends FirstConfig {
  readonly token?: string;
  readonly newKey?: boolean;
}

export function addEnroll(program: Command, context: CommandContext): void {
  program
    .command('enroll')
    .description('Introduce this robot to its control plane (with a one-time token, or to wait as pending)')
    .option('--token <token>', 'one-time token; default: enrolment in agent.yaml')
    .option('--server <url>', 'control plane; with --environment and --root-sha256 this writes a first agent.yaml')
    .option('--environment <name>', 'development, staging or production')
    .option('--robot <name>', 'its name in the fleet; default: the host name')
    .option('--root-sha256 <hex>', 'digest of the first root that this robot will ever believe')
    .option('--root <folder>', 'where the agent keeps everything; default: /var/lib/fairlead')
    .option('--new-key', 'retire the key of this robot and make a new one: another name, environment or owner')
    .action(async ({ token, newKey, ...given }: EnrollOptions) => {
      const config = Object.keys(given).length > 0 ? await context.firstConfig(given) : await context.config();
      await requireOwner(config.root);
      await becomeOwnerOf(config.root);
      if (newKey) {
        const identity = join(config.root, 'identity');
        await retireRobotKey(identity, (await openRobotKey(identity)).signer.keyid);
      }
      const opened = await context.open({
        ...config,
        ...(token !== undefined && { enrolment: { token } }),
      });
      try {
        const { robot, environment, server } = config;
        const { fingerprint, lifecycle } = await opened.enrol();
        context.answer({ robot, environment, lifecycle, fingerprint }, () => [
          `${robot} is ${lifecycle} at ${server}.`,
          `Its key has the fingerprint ${fingerprint}.`,
          ...(lifecycle === 'pending'
            ? [`An operator compares it and runs: fairlead robot accept ${robot} --fingerprint ${fingerprint}`]
            : []),
          'An agent that runs already has to be restarted if this is a new key.',
        ]);
      } finally {
        opened.close();
      }
    });
}
