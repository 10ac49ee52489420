/** Telling robots what to run: `deploy` names a release, `rollback` the one before. */
import type { deploymentApi } from '@fairlead/shared/api/deployment-api';
import type { ReplyOf } from '@fairlead/shared/api/route';
import type { DeploymentView } from '@fairlead/shared/fleet/deployment-view';
import type { Explanation } from '@fairlead/shared/fleet/explanation';
import { isTerminal } from '@fairlead/shared/fleet/states';
import { ComponentName, type ReleaseRef, sayRelease, Version } from '@fairlead/shared/ids';
import type { Command } from 'commander';
import { argument, releaseArgument } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { followDeployments } from '../follow-deployments.ts';
import { awaitRollout } from '../rollout/await-rollout.ts';
import { checkWishes } from '../rollout/check-wishes.ts';
import { type Confirmed, confirmAbandoned, refuseAbandoned } from '../rollout/confirm-abandoned.ts';
import { durationArgument, sayDuration } from '../rollout/durations.ts';
import { orderRollback, orderRollout, tellOrdered } from '../rollout/order-rollout.ts';
import { isRollout, type RolloutOptions, withSchedule, withStrategy } from '../rollout/strategy-options.ts';
import { type TargetOptions, targetOf, withTarget } from '../target-options.ts';
import { deploymentCell } from '../tones.ts';

type View = Awaited<ReturnType<typeof orderRollout>>;
type Orders = ReplyOf<typeof deploymentApi.deploy>;
interface OrderOptions extends TargetOptions {
  readonly reason?: string;
  /** Seconds at most; true: until the end. */
  readonly wait?: true | number;
}
type DeployOptions = OrderOptions &
  RolloutOptions & { readonly release: ReleaseRef; readonly allowDowngrade?: boolean };
type RollbackOptions = OrderOptions &
  RolloutOptions & {
    readonly component?: ComponentName;
    readonly to?: Version;
    readonly now?: true;
    readonly yes?: true;
  };

const WAIT = 'wait until every deployment has ended, or at most this time (10m); the exit code shows the result';

export function addDeployCommands(program: Command, context: CliContext): void {
  withSchedule(
    withStrategy(withTarget(program.command('deploy').description('send a release to robots, directly or in stages'))),
  )
    .requiredOption('--release <component@version>', 'what they should run', releaseArgument)
    .option('--allow-downgrade', 'permit an older release than the one that runs, never below the signed floor')
    .option('--reason <text>', 'kept in the history')
    .option('--wait [time]', WAIT, durationArgument)
    .action(async (options: DeployOptions) => {
      const { release, reason, allowDowngrade } = options;
      checkWishes(options);
      if (isRollout(options)) {
        const view = await orderRollout(context, targetOf(options), release, options);
        return afterOrder(context, view, options);
      }
      const body = {
        target: targetOf(options),
        ...release,
        ...(reason !== undefined && { reason }),
        ...(allowDowngrade !== undefined && { allowDowngrade }),
      };
      const orders = await context.client().operator.deploy({ body });
      if (orders.deployments.length > 1) {
        context.out.warn(`${orders.deployments.length} robots got it at once; --staged goes through them in stages.`);
      }
      await report(context, orders, options);
    });

  withStrategy(withTarget(program.command('rollback').description('send robots back: one at once, several in stages')))
    .option('--component <name>', 'which component; needed where a robot runs more than one', argument(ComponentName))
    .option('--to <version>', 'a certain version instead of the previous one', argument(Version))
    .option('--now', 'several robots: all at once instead of in stages')
    .option('--yes', 'do not ask before --to returns robots to a release that they were rolled back from')
    .option('--reason <text>', 'kept in the history')
    .option('--wait [time]', WAIT, durationArgument)
    .action(async (options: RollbackOptions) => {
      checkWishes(options);
      if (options.robot === undefined || isRollout(options)) {
        const order = (confirm: Confirmed) => orderRollback(context, targetOf(options), { ...options, ...confirm });
        return afterOrder(context, await confirmAbandoned(context, options, order), options);
      }
      const { component, to: toVersion, reason } = options;
      const body = {
        target: targetOf(options),
        ...(component !== undefined && { component }),
        ...(toVersion !== undefined && { toVersion }),
        ...(reason !== undefined && { reason }),
      };
      const { rollBack } = context.client().operator;
      const order = async (confirm: Confirmed) =>
        refuseAbandoned(await rollBack({ body: { ...body, ...confirm } }), body);
      const orders = await confirmAbandoned(context, options, order);
      refuseUnlessMoved(orders);
      await report(context, orders, options);
    });
}

async function afterOrder(
  context: CliContext,
  view: View,
  { wait, zone }: OrderOptions & RolloutOptions,
): Promise<void> {
  tellOrdered(context, view, zone);
  if (wait !== undefined) await awaitRollout(context, view.rollout, timeoutOf(wait));
}

async function report(context: CliContext, orders: Orders, { wait }: OrderOptions): Promise<void> {
  const { out } = context;
  const { operator } = context.client();
  for (const { robot, refusal } of orders.skipped) {
    out.warn(`${robot} is left out: ${refusal.detail} (${refusal.category}) ${refusal.hint}`);
  }
  const { deployments, waiting } =
    wait === undefined
      ? { deployments: orders.deployments, waiting: [] }
      : await followDeployments({ out, operator }, orders.deployments, timeoutOf(wait) * 1000);
  out.done({ deployments, skipped: orders.skipped, ...(waiting.length > 0 && { waiting }) }, () => {
    // A heading without a row says nothing; the warnings and the error do.
    if (deployments.length === 0) return;
    out.table(
      ['ROBOT', 'RELEASE', 'STATE', 'DEPLOYMENT'],
      deployments.map((view) => [view.robot, sayRelease(view), deploymentCell(view.state), view.deployment]),
    );
  });
  if (deployments.length === 0) {
    throw new CliError('No robot got an order.', {
      hint: 'See the warnings above, or fairlead robot list.',
      exitCode: EXIT.refused,
    });
  }
  if (wait === undefined) return;
  refuseUnlessAllRun(deployments);
  if (waiting.length > 0) throw stillWaiting(deployments.length, waiting, timeoutOf(wait));
}

/** A rollback to what each robot reports to run already is a mistake that must not look like success. */
function refuseUnlessMoved({ deployments }: Orders): void {
  const [first] = deployments;
  if (!first || deployments.some(({ state }) => state !== 'skipped')) return;
  const runs = deployments.length === 1 ? `${first.robot} runs` : `all ${deployments.length} robots run`;
  throw new CliError(`The rollback affects no robot: ${runs} ${sayRelease(first)} already.`, {
    hint: 'Name another version: fairlead rollback --to VERSION',
    exitCode: EXIT.refused,
  });
}

/** Seconds. */
const timeoutOf = (wait: true | number): number => (wait === true ? Number.POSITIVE_INFINITY : wait);

/** With one robot its reason is the location of the error; with several each has its line. */
function stillWaiting(of: number, waiting: readonly Explanation[], timeoutSec: number): CliError {
  const [first, ...others] = waiting;
  const hint = first?.unblock ?? `fairlead explain ${first?.robot}`;
  const mistakes = waiting.map(({ sentence, unblock }) => [sentence, unblock].filter(Boolean).join(' '));
  return new CliError(
    `${waiting.length} of ${of} ${of === 1 ? 'robot' : 'robots'} still waiting after ${sayDuration(timeoutSec)}.`,
    {
      ...(others.length > 0 ? { mistakes } : { where: first?.sentence ?? '' }),
      hint,
      exitCode: EXIT.waiting,
    },
  );
}

/** What did not end well, as the exit code: refused where every such robot refused, failed otherwise. */
function refuseUnlessAllRun(deployments: readonly DeploymentView[]): void {
  const bad = deployments.filter(({ state }) => isTerminal(state) && state !== 'succeeded' && state !== 'skipped');
  if (bad.length === 0) return;
  throw new CliError(`${bad.length} of ${deployments.length} did not succeed.`, {
    where: bad.map(({ robot, state }) => `${robot} ${state}`).join(', '),
    hint: bad[0]?.refusal?.hint ?? `fairlead explain ${bad[0]?.robot}`,
    exitCode: bad.every(({ state }) => state === 'rejected') ? EXIT.refused : EXIT.failed,
  });
}
