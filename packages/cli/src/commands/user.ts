/** People: who may log in, and as what. */
import { UserName } from '@fairlead/shared/api/people-api';
import { ROLES, type Role } from '@fairlead/shared/api/route';
import { type Command, Option } from 'commander';
import { ago } from '../ago.ts';
import { argument, existing } from '../arguments.ts';
import type { CliContext } from '../context.ts';

const roleOption = (says: string) => new Option('--role <role>', says).choices([...ROLES]);

export function addUserCommands(program: Command, context: CliContext): void {
  const { out, askSecret } = context;
  const users = program.command('user').description('people and their roles (admin)');
  const oneUser = (name: string, says: string) =>
    users
      .command(name)
      .description(says)
      .argument('<name>', 'whom', name === 'create' ? argument(UserName) : existing(UserName, 'fairlead user list'));
  const passwordFile = ['--password-file <file>', 'file that holds the password; - for standard input'] as const;
  const askNew = (name: string, file?: string) =>
    askSecret({ what: `New password of ${name}`, file, confirm: true, option: '--password-file' });

  users
    .command('list')
    .description('everybody who may log in')
    .action(async () => {
      const list = await context.client().operator.listUsers();
      out.done(list, () => {
        const rows = list.items.map(({ name, role, createdAt }) => [name, role, ago(createdAt, Date.now())]);
        out.table(['NAME', 'ROLE', 'CREATED'], rows);
      });
    });
  oneUser('create', 'let somebody log in')
    .addOption(roleOption('viewer reads, operator deploys, admin manages').default('viewer'))
    .option(...passwordFile)
    .action(async (name: string, { role, passwordFile: file }: { role: Role; passwordFile?: string }) => {
      const body = { name, role, password: await askNew(name, file) };
      const user = await context.client().operator.createUser({ body });
      out.done(user, () => out.line(`${user.name} may log in as ${user.role}.`));
    });
  oneUser('role', 'change what somebody may do; their sessions end')
    .addOption(roleOption('the new role').makeOptionMandatory())
    .action(async (name: string, { role }: { role: Role }) => {
      const user = await context.client().operator.changeUser({ params: { name }, body: { role } });
      out.done(user, () => out.line(`${user.name} is ${user.role}.`));
    });
  oneUser('password', 'set a new password; their sessions end')
    .option(...passwordFile)
    .action(async (name: string, { passwordFile: file }: { passwordFile?: string }) => {
      const password = await askNew(name, file);
      const user = await context.client().operator.changeUser({ params: { name }, body: { password } });
      out.done(user, () => out.line(`The password of ${user.name} is changed.`));
    });
  oneUser('delete', 'remove somebody with their tokens').action(async (name: string) => {
    const done = await context.client().operator.deleteUser({ params: { name } });
    out.done(done, () => out.line(`${name} is gone.`));
  });
}
