/** The fleet registry: who belongs to the fleet, and how robots are found by group and labels. */
import type { RobotView } from '@fairlead/shared/fleet/robot-facts';
import { type RobotId, Sha256 } from '@fairlead/shared/ids';
import type { Command } from 'commander';
import { ago } from '../ago.ts';
import { allPages } from '../all-pages.ts';
import { argument, existingRobot } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import { lifecycleCell, presenceCell } from '../tones.ts';
import { showAlarms } from './alert.ts';
import { changedLabels } from './labels.ts';
import { addRobotToken } from './robot-token.ts';
import { showRobot } from './show-robot.ts';

export function addRobotCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const robots = program.command('robot').description('list, accept and label robots');

  robots
    .command('list')
    .description('robots of the fleet, by name')
    .option('--selector <selector>', "label selector: 'group=warehouse'")
    .option('--pending', 'only those that wait to be accepted')
    .action(async ({ selector, pending }: { selector?: string; pending?: boolean }) => {
      const { operator } = context.client();
      const query = { ...(selector && { selector }), ...(pending && { lifecycle: 'pending' as const }) };
      const items = await allPages((page) => operator.listRobots({ query: { ...query, ...page } }));
      out.done({ items }, () => {
        const head = ['ROBOT', 'ENVIRONMENT', 'GROUP', 'LIFECYCLE', 'PRESENCE', 'SEEN', 'RUNS', 'DOING'];
        out.table(head, items.map(robotRow));
      });
    });

  const oneRobot = (name: string, says: string) =>
    robots.command(name).description(says).argument('<robot>', 'its name', existingRobot);

  oneRobot('show', 'all that is known of a robot').action(async (robot: RobotId) => {
    const { operator } = context.client();
    const view = await operator.showRobot({ params: { robot } });
    const { items: alerts } = await operator.listAlerts({ query: { robot } });
    out.done({ ...view, alerts }, () => {
      showRobot(out, view);
      showAlarms(context, alerts);
    });
  });
  oneRobot('accept', 'take a pending robot into the fleet')
    .option(
      '--fingerprint <sha256>',
      'key fingerprint that the robot itself shows; refused if another',
      argument(Sha256),
    )
    .action(async (robot: RobotId, { fingerprint }: { fingerprint?: Sha256 }) => {
      const body = fingerprint === undefined ? {} : { keyFingerprint: fingerprint };
      sayLifecycle(context, await context.client().operator.acceptRobot({ params: { robot }, body }));
    });
  oneRobot('reject', 'refuse a pending robot').action(async (robot: RobotId) => {
    sayLifecycle(context, await context.client().operator.rejectRobot({ params: { robot } }));
  });
  oneRobot('readmit', 'end the quarantine of a robot whose updates failed again and again').action(
    async (robot: RobotId) => {
      sayLifecycle(context, await context.client().operator.readmitRobot({ params: { robot } }));
    },
  );
  oneRobot('decommission', 'take a robot out for good; its key stays blocked').action(async (robot: RobotId) => {
    sayLifecycle(context, await context.client().operator.decommissionRobot({ params: { robot } }));
  });
  oneRobot('label', 'set or remove labels, or move the robot to a group')
    .argument('[labels...]', 'key=value sets, key- removes')
    .option('--group <group>', 'the group it belongs to')
    .action(async (robot: RobotId, changes: string[], { group }: { group?: string }) => {
      const { operator } = context.client();
      const { labels } = await operator.showRobot({ params: { robot } });
      const body = { ...(group !== undefined && { group }), labels: changedLabels(labels, changes) };
      const view = await operator.changeRobot({ params: { robot }, body });
      out.done(view, () => showRobot(out, view));
    });
  addRobotToken(robots, context);
}

function robotRow(view: RobotView) {
  const runs = view.components.map(({ component, active }) => `${component}@${active?.version ?? 'none'}`).join(' ');
  const lifecycle = lifecycleCell(view.quarantined ? 'rejected' : view.lifecycle);
  return [
    view.robot,
    view.environment,
    view.group,
    view.quarantined ? { text: 'quarantined', tone: 'bad' as const } : lifecycle,
    presenceCell(view.presence),
    ago(view.lastSeen, Date.now()),
    runs || undefined,
    view.activity?.state,
  ];
}

function sayLifecycle({ out }: CliContext, view: RobotView): void {
  out.done(view, () => out.line(`${view.robot} is ${view.lifecycle}; key fingerprint ${view.keyFingerprint}`));
}
