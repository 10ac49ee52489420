/** Commands that ask the running agent over its socket. */
import { userInfo } from 'node:os';
import { type Client, Unreachable } from '@fairlead/shared/api/client';
import type { Explanation } from '@fairlead/shared/fleet/explanation';
import type { Command } from 'commander';
import type { localApi } from '../local-api/local-api.ts';
import { localClient } from '../local-api/local-client.ts';
import { type CommandContext, CommandError, EXIT_CODES, readComponent, refusedError } from './command-context.ts';
import { isForbidden, notOfItsGroup } from './rights.ts';
import { sayStatus } from './say-status.ts';

/** Asks the agent that runs on this machine, or ends with who does not answer. */
export const asker =
  (context: CommandContext) =>
  async <T>(question: (agent: Client<typeof localApi>) => Promise<T>): Promise<T> => {
    const { socket } = await context.config();
    try {
      return await question(localClient(socket));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      if (isForbidden(error.cause)) throw await notOfItsGroup(socket, 'use');
      throw new CommandError(
        `No agent answers on ${socket}.`,
        EXIT_CODES.unreachable,
        'Start it (systemctl start fairlead-agent), and look at its log where it ends again (journalctl -u fairlead-agent).',
      );
    }
  };

export function addAskAgent(program: Command, context: CommandContext): void {
  const ask = asker(context);

  program
    .command('status')
    .description('What this robot runs, what it is doing, and how it is')
    .action(async () => {
      const status = await ask((agent) => agent.status());
      context.answer(status, () => sayStatus(status));
    });

  program
    .command('explain')
    .description('What blocks this robot, in one sentence, and what to do about it')
    .action(async () => {
      const explanation = await ask((agent) => agent.explain());
      context.answer(explanation, () => sayExplanation(explanation));
    });

  program
    .command('check-now')
    .description('Ask the control plane at once instead of at the next interval')
    .action(async () => {
      const asked = await ask((agent) => agent.checkNow());
      context.answer(asked, () => ['The agent asks now.']);
    });

  program
    .command('rollback <component>')
    .description('Go back to the previous release of a component, without the network')
    .option('--by <name>', 'who does this, for the report', userInfo().username)
    .option('--override', 'although programs on the robot are busy; it is reported')
    .option('--yes', 'also to a release that this robot was rolled back from')
    .action(async (name: string, options: { by: string; override?: true; yes?: true }) => {
      const { by, override, yes } = options;
      const component = readComponent(name);
      const body = { component, by, ...(override && { override }), ...(yes && { confirmAbandoned: yes }) };
      const { refusal } = await ask((agent) => agent.rollBack({ body }));
      if (refusal) throw refusedError(refusal);
      context.answer({ component: name, rolledBack: true }, () => [`${name} runs its previous release again.`]);
    });
}

const sayExplanation = ({ sentence, unblock }: Explanation): string[] =>
  unblock === undefined ? [sentence] : [sentence, `  -> ${unblock}`];
