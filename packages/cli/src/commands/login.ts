/** Logging in and out: the session lives in the CLI's home, readable by its owner only. */
import { createClient } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { removeSession, writeSession } from '../session.ts';

export function addLoginCommands(program: Command, context: CliContext): void {
  program
    .command('login')
    .description('log in; with --server also choose the control plane for later commands')
    .option('--user <name>', 'user name', 'admin')
    .option('--password-file <file>', 'file that holds the password; - for standard input')
    .action(async ({ user, passwordFile }: { user: string; passwordFile?: string }) => {
      const server = context.server();
      const what = `Password of ${user} at ${server}`;
      const password = await context.askSecret({ what, file: passwordFile, option: '--password-file' });
      const operator = createClient(operatorApi, { baseUrl: server, transport: context.transport });
      const session = await operator.login({ body: { name: user, password } });
      await writeSession(context.home, { server, ...session });
      const { token: _secret, ...said } = session;
      context.out.done({ server, ...said }, () => {
        context.out.line(`Logged in at ${server} as ${session.name} (${session.role}) until ${session.expiresAt}.`);
      });
    });

  program
    .command('logout')
    .description('forget the session of this home')
    .action(async () => {
      await removeSession(context.home);
      context.out.done({}, () => context.out.line('Logged out.'));
    });
}
