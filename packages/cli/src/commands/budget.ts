/** How much of the fleet may be in update at once: per value of a label, and over all of it. */
import { DisruptionBudget, type FleetLimits } from '@fairlead/shared/fleet/limits';
import type { Command } from 'commander';
import { Type } from 'typebox';
import { argument } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';

const maxArgument = argument(
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^(100|[1-9]?[0-9])%$' })], {
    description: 'A number of robots (2) or a share (10%).',
  }),
);
const limitArgument = argument(
  Type.Union([Type.Literal('none'), Type.Integer({ minimum: 1 })], { description: 'A number of robots, or none.' }),
);
const failures = argument(Type.Integer({ minimum: 1, maximum: 100, description: 'A number from 1 to 100.' }));
interface FleetOptions {
  readonly maxConcurrent?: number | 'none';
  readonly maxStaging?: number | 'none';
  readonly quarantineAfter?: number;
}
type Place = Pick<DisruptionBudget, 'label' | 'value'>;

export function addBudgetCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const budgets = program.command('budget').description('how many robots may be in update at once');
  const show = (limits: FleetLimits) => out.done(limits, () => tell(context, limits));

  budgets
    .command('list')
    .description('budgets per label, and limits of the whole fleet')
    .action(async () => show(await context.client().operator.showLimits()));
  budgets
    .command('set')
    .description('a budget for each value of a label, or for one value (admin)')
    .argument('<label[=value]>', 'site: each site has this budget; site=munich: only that one', placeArgument)
    .requiredOption('--max <n|n%>', 'robots in update at once; 0 keeps them all as they are', maxArgument)
    .action(async (place: Place, { max }: { max: DisruptionBudget['maxUnavailable'] }) => {
      show(await context.client().operator.saveBudget({ body: { ...place, maxUnavailable: max } }));
    });
  budgets
    .command('delete')
    .description('take a budget away (admin)')
    .argument('<label[=value]>', 'as it was set', placeArgument)
    .action(async (place: Place) => show(await context.client().operator.deleteBudget({ query: place })));
  budgets
    .command('fleet')
    .description('limits of the whole fleet (admin)')
    .option('--max-concurrent <n|none>', 'robots between grant and end at once', limitArgument)
    .option('--max-staging <n|none>', 'robots that download, stage and test at once', limitArgument)
    .option('--quarantine-after <n>', 'failures in a row after which a robot is left alone', failures)
    .action(async ({ maxConcurrent, maxStaging, quarantineAfter }: FleetOptions) => {
      const body = {
        ...(maxConcurrent !== undefined && { maxConcurrent: orNull(maxConcurrent) }),
        ...(maxStaging !== undefined && { maxStaging: orNull(maxStaging) }),
        ...(quarantineAfter !== undefined && { quarantineAfter }),
      };
      if (Object.keys(body).length === 0) {
        const hint = 'Give --max-concurrent, --max-staging or --quarantine-after; fairlead budget list shows them.';
        throw new CliError('Which limit?', { hint, exitCode: EXIT.usage });
      }
      show(await context.client().operator.changeLimits({ body }));
    });
}

const orNull = (limit: number | 'none'): number | null => (limit === 'none' ? null : limit);

function placeArgument(text: string): Place {
  const at = text.indexOf('=');
  if (at < 0) return { label: argument(DisruptionBudget.properties.label)(text) };
  return { label: argument(DisruptionBudget.properties.label)(text.slice(0, at)), value: text.slice(at + 1) };
}

function tell({ out }: CliContext, { budgets, maxConcurrent, maxStaging, quarantineAfter }: FleetLimits): void {
  out.table(
    ['LIMIT', 'ROBOTS', ''],
    [
      ...budgets.map(({ label, value, maxUnavailable }) => [
        value === undefined ? `each ${label}` : `${label}=${value}`,
        maxUnavailable,
        { text: 'in update at once', tone: 'dim' as const },
      ]),
      ['the whole fleet', maxConcurrent ?? 'no limit', { text: 'in update at once', tone: 'dim' }],
      ['the whole fleet', maxStaging ?? 'no limit', { text: 'downloading, staging, testing at once', tone: 'dim' }],
      ['one robot', quarantineAfter, { text: 'failures in a row, then quarantined', tone: 'dim' }],
    ],
  );
}
