/** `fairlead-agent enroll`: introduce this robot now; `run` would do it by itself at its first check-in. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { openRobotKey, retireRobotKey } from '../identity/robot-key.ts';
import type { CommandContext } from './command-context.ts';

export function addEnroll(program: Command, context: CommandContext): void {
  program
    .command('enroll')
    .description('Introduce this robot to its control plane (with a one-time token, or to wait as pending)')
    .option('--token <token>', 'one-time token; default: enrolment in agent.yaml')
    .option('--new-key', 'retire the key of this robot and make a new one: another name, environment or owner')
    .action(async (options: { token?: string; newKey?: boolean }) => {
      const config = await context.config();
      if (options.newKey) {
        const identity = join(config.root, 'identity');
        await retireRobotKey(identity, (await openRobotKey(identity)).signer.keyid);
      }
      const opened = await context.open({
        ...config,
        ...(options.token !== undefined && { enrolment: { token: options.token } }),
      });
      try {
        const fingerprint = await opened.enrol();
        context.answer({ robot: config.robot, environment: config.environment, fingerprint }, () => [
          `${config.robot} is known to ${config.server}.`,
          `Its key has the fingerprint ${fingerprint}.`,
          'An agent that runs already has to be restarted if this is a new key.',
        ]);
      } finally {
        opened.close();
      }
    });
}
