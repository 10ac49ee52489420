/** Logging in and out, and one's own password: the session lives in the CLI's home, readable by its owner only. */
import { type Client, createClient, ProblemError } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { readSession, removeSession, type Session, writeSession } from '../session.ts';

const PASSWORD_FILE = ['--password-file <file>', 'file that holds the password; - for standard input'] as const;
const NEW_PASSWORD_FILE = ['--new-password-file <file>', 'file that holds the new password'] as const;

interface PasswordFiles {
  readonly passwordFile?: string;
  readonly newPasswordFile?: string;
}

export function addLoginCommands(program: Command, context: CliContext): void {
  program
    .command('login')
    .description('log in; with --server also choose the control plane for later commands')
    .option('--user <name>', 'user name', 'admin')
    .option(...PASSWORD_FILE)
    .option(NEW_PASSWORD_FILE[0], `${NEW_PASSWORD_FILE[1]}, where the first one must be changed`)
    .action(async ({ user, passwordFile, newPasswordFile }: { user: string } & PasswordFiles) => {
      const server = context.server();
      const what = `Password of ${user} at ${server}`;
      const password = await context.askSecret({ what, file: passwordFile, option: '--password-file' });
      const { mustChangePassword, ...first } = await clientWith(context, server).login({
        body: { name: user, password },
      });
      const session = mustChangePassword
        ? await replacePassword(context, { server, ...first }, password, newPasswordFile)
        : first;
      await keep(context, { server, ...session });
    });

  program
    .command('password')
    .description('change my own password; my other sessions end')
    .option(...PASSWORD_FILE)
    .option(...NEW_PASSWORD_FILE)
    .action(async ({ passwordFile, newPasswordFile }: PasswordFiles) => {
      const session = readSession(context.home);
      if (!session) throw notLoggedIn(context);
      const what = `Present password of ${session.name} at ${session.server}`;
      const password = await context.askSecret({ what, file: passwordFile, option: '--password-file' });
      const renewed = await replacePassword(context, session, password, newPasswordFile);
      await writeSession(context.home, { server: session.server, ...renewed });
      context.out.done({}, () => context.out.line('The password is changed. Other sessions have ended.'));
    });

  program
    .command('logout')
    .description('end the session of this home, also on the control plane')
    .action(async () => {
      const session = readSession(context.home);
      if (session) await endOnServer(context, session);
      await removeSession(context.home);
      context.out.done({}, () => context.out.line('Logged out.'));
    });
}

const clientWith = ({ transport }: CliContext, server: string, token?: string): Client<typeof operatorApi> =>
  createClient(operatorApi, {
    baseUrl: server,
    transport,
    authorise: (): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
  });

/** Asks for the new password; answers the session that goes on. */
async function replacePassword(
  context: CliContext,
  { server, token, name }: Pick<Session, 'server' | 'token' | 'name'>,
  password: string,
  newPasswordFile: string | undefined,
) {
  const newPassword = await context.askSecret({
    what: `New password of ${name}`,
    file: newPasswordFile,
    confirm: true,
    option: '--new-password-file',
  });
  return clientWith(context, server, token).changeMyPassword({ body: { password, newPassword } });
}

async function keep(context: CliContext, session: Session): Promise<void> {
  const { server, name, role, expiresAt } = session;
  await writeSession(context.home, { server, token: session.token, name, role, expiresAt });
  context.out.done({ server, name, role, expiresAt }, () => {
    context.out.line(`Logged in at ${server} as ${name} (${role}) until ${expiresAt}.`);
  });
}

/** A session that has ended by itself is as good; where the control plane can't be reached, the token is at least gone here. */
async function endOnServer(context: CliContext, { server, token, expiresAt }: Session): Promise<void> {
  try {
    await clientWith(context, server, token).logout();
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'unauthenticated') return;
    const why = error instanceof Error ? error.message : String(error);
    context.out.warn(`The session was only removed here, and the control plane accepts it until ${expiresAt}: ${why}`);
  }
}

const notLoggedIn = (context: CliContext) =>
  new CliError('Nobody is logged in.', {
    where: context.server(),
    hint: `Log in: fairlead login --server ${context.server()}`,
    exitCode: EXIT.notLoggedIn,
  });
