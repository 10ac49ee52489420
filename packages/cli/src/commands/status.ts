/** What runs where, what is stuck and why: for the fleet, for one robot, and over time. */
import type { Client } from '@fairlead/shared/api/client';
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { rolloutApi } from '@fairlead/shared/api/rollout-api';
import type { ReplyOf } from '@fairlead/shared/api/route';
import { RobotId, sayRelease } from '@fairlead/shared/ids';
import { hasEnded, ROLLOUT_STATES } from '@fairlead/shared/rollout/states';
import { wrap } from '@fairlead/toolkit/wrap';
import type { Command } from 'commander';
import { ago } from '../ago.ts';
import { existingRobot, howMany } from '../arguments.ts';
import type { CliContext } from '../context.ts';
import type { Output } from '../output.ts';
import { aboutWhat, explainRollout } from '../rollout/explain-rollout.ts';
import { deploymentCell } from '../tones.ts';
import { showAlarms, showNotices } from './alert.ts';

export function addStatusCommands(program: Command, context: CliContext): void {
  const { out } = context;
  program
    .command('status')
    .description('which robots run what, what is stuck and why')
    .action(async () => {
      const { operator } = context.client();
      const status = await operator.fleetStatus();
      const { items: notices } = await operator.listNotices();
      const rollouts = await openRollouts(operator);
      out.done({ ...status, notices, rollouts }, () => {
        showNotices(context, notices);
        const { open, acknowledged } = status.alerts;
        if (open > 0)
          out.line(
            `${counted(open, 'open alert')} of robots (${acknowledged} acknowledged): fairlead alert list`,
            'bad',
          );
        if (status.robots === 0) return out.line('No robot has joined yet. next: fairlead robot token --help', 'dim');
        const { presence, lifecycle } = status;
        out.line(`${counted(status.robots, 'robot')}: ${sayCounts(presence)}; ${sayCounts(lifecycle)}`, 'strong');
        out.line(`deployments: ${sayCounts(status.deployments)}`);
        const running = status.running.map(({ component, version, robots }) => [`${component}@${version}`, robots]);
        if (running.length > 0) out.table(['RUNNING', 'ROBOTS'], running);
        for (const view of rollouts) tellRollout(out, view);
        if (status.attention.length === 0) return out.line('No robot needs a person.', 'good');
        out.line('needs a person:', 'bad');
        // The sentence begins with the robot's name; a table would say it twice, and be as wide as its longest reason.
        for (const { sentence, unblock } of status.attention) {
          for (const line of wrap(sentence)) out.line(line, 'bad');
          if (unblock !== undefined) for (const line of wrap(`next: ${unblock}`, 76)) out.line(`  ${line}`);
        }
      });
    });

  program
    .command('explain')
    .description('in one sentence: what blocks this robot or rollout, and what to do')
    .argument('<robot|rollout>', 'its name or id, or latest: the newest rollout', aboutWhat)
    .action(async ({ robot, rollout }: ReturnType<typeof aboutWhat>) => {
      if (rollout !== undefined) return await explainRollout(context, rollout);
      const explanation = await context.client().operator.explainRobot({ params: { robot } });
      out.done(explanation, () => {
        out.line(explanation.sentence, explanation.blocked ? 'bad' : 'good');
        if (explanation.unblock !== undefined) out.line(`next: ${explanation.unblock}`);
        showAlarms(context, explanation.alerts ?? []);
      });
    });

  program
    .command('history')
    .description("a robot's deployments, newest first, with everything that happened")
    .requiredOption('--robot <name>', 'its name', existingRobot)
    .option('--limit <n>', 'how many deployments', howMany, 10)
    .action(async ({ robot, limit }: { robot: RobotId; limit: number }) => {
      const history = await context.client().operator.robotHistory({ params: { robot }, query: { limit } });
      out.done(history, () => {
        for (const { deployment, events } of history.items) {
          const by = `${deployment.kind} by ${deployment.createdBy}, ${ago(deployment.createdAt, Date.now())}`;
          out.line(`${sayRelease(deployment)}  ${by}  ${deployment.deployment}`, 'strong');
          if (deployment.reason !== undefined) out.line(`reason: ${deployment.reason}`);
          const rows = events.map(({ at, state, by: who, refusal }) => [
            at,
            deploymentCell(state),
            who,
            refusal && `${refusal.detail} (${refusal.category})`,
          ]);
          out.table(['AT', 'STATE', 'BY', 'WHY'], rows);
        }
        if (history.items.length === 0) out.line('Nothing was ever deployed to this robot.', 'dim');
      });
    });
}

type Rollout = ReplyOf<typeof rolloutApi.showRollout>;

/** Asked state by state: behind a long list of ended ones an old one may still wait. */
async function openRollouts(operator: Client<typeof operatorApi>): Promise<Rollout[]> {
  const states = ROLLOUT_STATES.filter((state) => !hasEnded(state));
  const lists = await Promise.all(states.map((state) => operator.listRollouts({ query: { state, limit: 100 } })));
  return lists.flatMap(({ items }) => items);
}

/** One rollout that has not ended, in two lines: how far it is, and what it waits for. */
function tellRollout(out: Output, view: Rollout): void {
  const { rollout, spec, state, stages, stage, members } = view;
  const { blocked = view.stopped } = view;
  const succeeded = stages.reduce(
    (sum, { counts }) => sum + (counts.states.succeeded ?? 0) + (counts.states.skipped ?? 0),
    0,
  );
  const what = spec.version === undefined ? `${spec.component} back` : `${spec.component}@${spec.version}`;
  const where = stages[stage] === undefined ? '' : `, stage ${stages[stage].name}`;
  out.line(`${rollout} ${what}: ${state}${where}, ${succeeded} of ${members} robots`, 'strong');
  if (blocked) for (const line of wrap(`${blocked.why.detail} ${blocked.why.hint}`, 76)) out.line(`  ${line}`);
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const sayCounts = (counts: Readonly<Partial<Record<string, number>>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count !== undefined && count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none';
