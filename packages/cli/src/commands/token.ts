/** API tokens: how scripts and pipelines log in (FAIRLEAD_TOKEN). */
import { ROLES, type Role } from '@fairlead/shared/api/route';
import { type Command, Option } from 'commander';
import { Type } from 'typebox';
import { ago } from '../ago.ts';
import { argument } from '../arguments.ts';
import type { CliContext } from '../context.ts';

const Days = Type.Integer({ minimum: 1, maximum: 3650, description: '1 to 3650 days.' });

export function addTokenCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const tokens = program.command('token').description('API tokens for scripts (used as FAIRLEAD_TOKEN)');

  tokens
    .command('list')
    .description('my tokens; all of them for admins; never their secrets')
    .action(async () => {
      const list = await context.client().operator.listTokens();
      out.done(list, () => {
        out.table(
          ['ID', 'NAME', 'USER', 'ROLE', 'EXPIRES', 'USED'],
          list.items.map((it) => [it.id, it.name, it.user, it.role, it.expiresAt, ago(it.lastUsedAt, Date.now())]),
        );
      });
    });
  tokens
    .command('create')
    .description('make a token with my role or a lower one; it is shown once')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--role <role>', 'default: mine').choices([...ROLES]))
    .option('--days <n>', 'how long it lives; default: until withdrawn', argument(Days))
    .action(async (name: string, { role, days }: { role?: Role; days?: number }) => {
      const body = { name, ...(role && { role }), ...(days !== undefined && { ttlDays: days }) };
      const made = await context.client().operator.createToken({ body });
      out.done(made, () => out.line(made.token));
    });
  tokens
    .command('delete')
    .description('withdraw a token')
    .argument('<id>')
    .action(async (id: string) => {
      const done = await context.client().operator.deleteToken({ params: { id } });
      out.done(done, () => out.line(`${id} is withdrawn.`));
    });
}
