/** Maintenance windows: when the fleet, a group, a selection or one robot may switch. */

import type { ReplyOf } from '@fairlead/shared/api/route';
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import { MaintenanceWindow, sayScope, WindowScope } from '@fairlead/shared/fleet/maintenance-window';
import { RuleName } from '@fairlead/shared/fleet/saved-group';
import { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { WEEKDAYS, type Weekday } from '@fairlead/shared/update/weekday';
import { type Command, InvalidArgumentError } from 'commander';
import { argument, existing, existingRobot } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import type { Cell } from '../output.ts';

interface ScopeOptions {
  readonly fleet?: true;
  readonly group?: string;
  readonly selector?: string;
  readonly robot?: RobotId;
}
interface CreateOptions extends ScopeOptions {
  readonly from: string;
  readonly to: string;
  readonly zone: string;
  readonly days?: Weekday[];
  readonly replace?: boolean;
}
const clockTime = argument(MaintenanceWindow.properties.from);

export function addWindowCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const windows = program.command('window').description('maintenance windows: when robots may switch');

  windows
    .command('list')
    .description('all windows, or those that count for one robot')
    .option('--robot <name>', 'only those that count for this robot', existingRobot)
    .action(async ({ robot }: { robot?: RobotId }) => {
      const list = await context.client().operator.listWindows({ query: { ...(robot !== undefined && { robot }) } });
      out.done(list, () => {
        if (list.items.length > 0) return out.table(['WINDOW', 'FOR', 'WHEN', 'ZONE', 'NOW'], list.items.map(row));
        out.line(
          `No window counts${robot === undefined ? '' : ` for ${robot}`}: robots may switch at any time.`,
          'dim',
        );
      });
    });
  windows
    .command('create')
    .description('robots switch only in their windows; the most specific one that names a robot counts (admin)')
    .argument('<name>', 'lower-case letters, digits and dashes', argument(RuleName))
    .option('--fleet', 'for every robot that no other window names')
    .option('--group <group>', 'for a group')
    .option('--selector <selector>', 'for robots with these labels')
    .option('--robot <name>', 'for one robot', existingRobot)
    .requiredOption('--from <HH:MM>', 'when it opens', clockTime)
    .requiredOption('--to <HH:MM>', 'when it closes; before --from reaches past midnight', clockTime)
    .requiredOption('--zone <zone>', 'IANA time zone: Europe/Berlin')
    .option('--days <days>', 'days on which it opens: mon,tue,sat; default every day', daysArgument)
    .option('--replace', 'change a window that exists')
    .action(async (name: string, options: CreateOptions) => {
      const { from, to, zone, days, replace } = options;
      const body = {
        name,
        scope: scopeOf(options),
        from,
        to,
        zone,
        ...(days && { days }),
        ...(replace !== undefined && { replace }),
      };
      const window = await context.client().operator.createWindow({ body });
      out.done(window, () => out.table(['WINDOW', 'FOR', 'WHEN', 'ZONE', 'NOW'], [row(window)]));
    });
  windows
    .command('delete')
    .description('take a window away (admin)')
    .argument('<name>', 'its name', existing(RuleName, 'fairlead window list'))
    .action(async (name: string) => {
      const done = await context.client().operator.deleteWindow({ params: { name } });
      out.done(done, () => out.line(`The window ${name} is gone.`));
    });
}

function row({ name, scope, days, from, to, zone, open, changesAt }: ReplyOf<typeof rulesApi.createWindow>): Cell[] {
  const until = changesAt === undefined ? '' : ` ${changesAt.slice(0, 16)}Z`;
  const now: Cell = open ? { text: `open until${until}`, tone: 'good' } : { text: `opens${until}`, tone: 'dim' };
  return [name, sayScope(scope), `${days ? `${days.join(',')} ` : ''}${from}-${to}`, zone, now];
}

function scopeOf({ fleet, group, selector, robot }: ScopeOptions): WindowScope {
  const given = Object.entries({ fleet, group, selector, robot }).filter(([, value]) => value !== undefined);
  const scope = parse(WindowScope, Object.fromEntries(given));
  if (scope.ok && given.length === 1) return scope.value;
  const several = `Only one of ${given.map(([name]) => `--${name}`).join(', ')} can be meant.`;
  throw new CliError(given.length > 1 ? several : 'For whom?', {
    hint: 'Give one of --fleet, --group GROUP, --selector SELECTOR or --robot NAME.',
    exitCode: EXIT.usage,
  });
}

function daysArgument(text: string): Weekday[] {
  return text.split(',').map((word) => {
    const day = WEEKDAYS.find((each) => each === word.trim().toLowerCase().slice(0, 3));
    if (day) return day;
    throw new InvalidArgumentError(`Days are ${WEEKDAYS.join(', ')}.`);
  });
}
