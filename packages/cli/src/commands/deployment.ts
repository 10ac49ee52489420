/** Single deployments: one robot's part in an order. */
import { DeploymentState } from '@fairlead/shared/fleet/states';
import { ComponentName, DeploymentId, RobotId, sayRelease } from '@fairlead/shared/ids';
import type { Command } from 'commander';
import { ago } from '../ago.ts';
import { argument, existing, existingRobot, howMany } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { deploymentCell } from '../tones.ts';

interface ListOptions {
  readonly robot?: RobotId;
  readonly component?: ComponentName;
  readonly state?: DeploymentState;
  readonly limit: number;
}

export function addDeploymentCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const deployments = program.command('deployment').description('list, show and cancel deployments');

  deployments
    .command('list')
    .description('newest first')
    .option('--robot <name>', 'of one robot', existingRobot)
    .option('--component <name>', 'of one component', argument(ComponentName))
    .option('--state <state>', 'in one state', argument(DeploymentState))
    .option('--limit <n>', 'how many', howMany, 50)
    .action(async (query: ListOptions) => {
      const list = await context.client().operator.listDeployments({ query: { ...query } });
      out.done(list, () => {
        out.table(
          ['DEPLOYMENT', 'ROBOT', 'RELEASE', 'STATE', 'BY', 'CREATED', 'WHY'],
          list.items.map((view) => [
            view.deployment,
            view.robot,
            sayRelease(view),
            deploymentCell(view.state),
            view.createdBy,
            ago(view.createdAt, Date.now()),
            view.refusal?.category,
          ]),
        );
      });
    });

  deployments
    .command('show')
    .description('everything that happened to a deployment')
    .argument('<deployment>', 'its id', existing(DeploymentId, 'fairlead deployment list'))
    .action(async (deployment: DeploymentId) => {
      const shown = await context.client().operator.showDeployment({ params: { deployment } });
      out.done(shown, () => {
        out.line(`${shown.deployment.robot}: ${sayRelease(shown.deployment)} (${shown.deployment.kind})`, 'strong');
        out.table(
          ['AT', 'STATE', 'BY', 'WHY'],
          shown.events.map(({ at, state, by, refusal }) => [at, deploymentCell(state), by, refusal?.detail]),
        );
      });
    });

  deployments
    .command('cancel')
    .description('withdraw a deployment; binds until the robot begins to switch')
    .argument('<deployment>', 'its id', existing(DeploymentId, 'fairlead deployment list'))
    .action(async (deployment: DeploymentId) => {
      const view = await context.client().operator.cancelDeployment({ params: { deployment } });
      out.done(view, () => out.line(`${view.robot}: ${sayRelease(view)} is ${view.state}`));
    });
}
