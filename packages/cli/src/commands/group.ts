/** Saved groups: names for whichever robots a selector chooses. */
import { RuleName } from '@fairlead/shared/fleet/saved-group';
import type { Command } from 'commander';
import { allPages } from '../all-pages.ts';
import { argument, existing } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { presenceCell } from '../tones.ts';

export function addGroupCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const groups = program.command('group').description('groups of robots, by name or by a saved selector');

  groups
    .command('list')
    .description('saved groups, and those that robots carry themselves')
    .action(async () => {
      const list = await context.client().operator.listGroups();
      out.done(list, () => {
        if (list.items.length === 0) return out.line('No robot carries a group, and none is saved.', 'dim');
        out.table(
          ['GROUP', 'ROBOTS', 'WHO'],
          list.items.map(({ name, robots, selector }) => [name, robots, selector ?? 'robots that carry it']),
        );
      });
    });
  groups
    .command('create')
    .description('save a selector under a name; who is in the group is asked anew every time')
    .argument('<name>', 'lower-case letters, digits and dashes', argument(RuleName))
    .requiredOption('--selector <selector>', "label selector: 'site in (munich,augsburg),arch=arm64'")
    .option('--replace', 'change a group that exists')
    .action(async (name: string, { selector, replace }: { selector: string; replace?: boolean }) => {
      const { operator } = context.client();
      const body = { name, selector, ...(replace !== undefined && { replace }) };
      const group = await operator.createGroup({ body });
      out.done(group, () => out.line(`The group ${name} is whoever ${selector} chooses: fairlead group show ${name}`));
    });
  groups
    .command('show')
    .description('who is in a group at this moment')
    .argument('<name>')
    .action(async (name: string) => {
      const { operator } = context.client();
      const found = (await operator.listGroups()).items.find((group) => group.name === name);
      if (!found) throw new CliError(`There is no group ${name}.`, { hint: 'See fairlead group list.' });
      const ask = (page: object) => operator.previewTarget({ body: { target: { group: name }, limit: 500, ...page } });
      const robots = await allPages(ask);
      out.done({ ...found, members: robots.map(({ robot }) => robot) }, () => {
        out.line(`${name}: ${found.selector ?? 'robots that carry this group themselves'}`, 'strong');
        if (robots.length === 0) return out.line('No accepted robot is in it now.', 'warn');
        out.table(
          ['ROBOT', 'ENVIRONMENT', 'PRESENCE'],
          robots.map(({ robot, environment, presence }) => [robot, environment, presenceCell(presence)]),
        );
      });
    });
  groups
    .command('delete')
    .description('forget a saved group; its robots stay as they are')
    .argument('<name>', 'its name', existing(RuleName, 'fairlead group list'))
    .action(async (name: string) => {
      const done = await context.client().operator.deleteGroup({ params: { name } });
      out.done(done, () => out.line(`The group ${name} is forgotten.`));
    });
}
