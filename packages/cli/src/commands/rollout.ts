/** Rollouts: how a release makes its way through a fleet. */
import { DeploymentState } from '@fairlead/shared/fleet/states';
import { sayTarget } from '@fairlead/shared/fleet/target';
import { ComponentName, type RolloutId } from '@fairlead/shared/ids';
import { RolloutState } from '@fairlead/shared/rollout/states';
import { clip } from '@fairlead/toolkit/wrap';
import type { Command } from 'commander';
import { ago } from '../ago.ts';
import { allPages } from '../all-pages.ts';
import { argument, howMany } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { findRollout, type RolloutWord, rolloutArgument } from '../rollout/find-rollout.ts';
import { countStage } from '../rollout/stage-counts.ts';
import { sayWhat, tellRollout } from '../rollout/tell-rollout.ts';
import { watchRollout } from '../rollout/watch-rollout.ts';
import { deploymentCell, rolloutTone } from '../tones.ts';
import { addRolloutWords } from './rollout-word.ts';

interface ListOptions {
  readonly state?: RolloutState;
  readonly component?: ComponentName;
  readonly limit: number;
}
interface RobotsOptions {
  readonly stage?: string;
  readonly state?: DeploymentState;
  readonly excluded?: boolean;
}

export function addRolloutCommands(program: Command, context: CliContext): void {
  const { out } = context;
  const rollouts = program.command('rollout').description('how releases make their way through the fleet');
  const withId = (name: string, description: string) =>
    rollouts.command(name).description(description).argument('<rollout>', 'its id, or latest', rolloutArgument);

  rollouts
    .command('list')
    .description('newest first')
    .option('--state <state>', 'in one state', argument(RolloutState))
    .option('--component <name>', 'of one component', argument(ComponentName))
    .option('--limit <n>', 'how many', howMany, 20)
    .action(async (query: ListOptions) => {
      const list = await context.client().operator.listRollouts({ query: { ...query } });
      out.done(list, () => {
        if (list.items.length === 0) return out.line('No rollout.', 'dim');
        out.table(
          ['ROLLOUT', 'RELEASE', 'FOR', 'STATE', 'DONE', 'FAILED', 'CREATED'],
          list.items.map((view) => {
            const counts = view.stages.map(countStage);
            const sum = (kind: 'succeeded' | 'failed') => counts.reduce((total, stage) => total + stage[kind], 0);
            return [
              view.rollout,
              sayRow(view),
              clip(sayTarget(view.spec.target), 16),
              { text: view.state, tone: rolloutTone(view.state) },
              `${sum('succeeded')}/${view.members}`,
              sum('failed'),
              ago(view.createdAt, Date.now()),
            ];
          }),
        );
        if (list.next !== undefined) out.line('There are older ones: --limit 500.', 'dim');
      });
    });

  withId('show', 'its stages, what blocks it and what unblocks it').action(async (which: RolloutWord) => {
    const params = { rollout: await findRollout(context, which) };
    const { operator } = context.client();
    const rollout = await operator.showRollout({ params });
    const { items: events } = await operator.rolloutHistory({ params });
    out.done({ rollout, events }, () => tellRollout(out, rollout, events, Date.now()));
  });

  withId('watch', 'until it has ended or waits for a person; the exit code says how').action(
    async (which: RolloutWord) => {
      await watchRollout({ out, operator: context.client().operator }, await findRollout(context, which));
    },
  );

  withId('robots', 'its robots: stage, deployment, or why they were left out')
    .option('--stage <number|name>', 'of one stage; the first is 1')
    .option('--state <state>', 'whose deployment is in this state', argument(DeploymentState))
    .option('--excluded', 'only those that were left out')
    .action((which: RolloutWord, options: RobotsOptions) => listRobots(context, which, options));

  withId('history', 'everything that happened to it, oldest first').action(async (which: RolloutWord) => {
    const params = { rollout: await findRollout(context, which) };
    const history = await context.client().operator.rolloutHistory({ params });
    out.done(history, () => {
      out.table(
        ['AT', 'BY', 'WHAT', 'DETAIL'],
        history.items.map(({ at, by, what, detail = '' }) => [at, by, what, detail]),
      );
    });
  });

  addRolloutWords(rollouts, context);
}

async function listRobots(context: CliContext, which: RolloutWord, { stage, state, excluded }: RobotsOptions) {
  const { operator } = context.client();
  const rollout = await findRollout(context, which);
  const { stages } = await operator.showRollout({ params: { rollout } });
  const query = {
    ...(stage !== undefined && { stage: stageIndex(stages, stage, rollout) }),
    ...(state !== undefined && { state }),
    ...(excluded === true && { excluded: 'only' as const }),
    limit: 500,
  };
  const items = await allPages((page) =>
    operator.listRolloutRobots({ params: { rollout }, query: { ...query, ...page } }),
  );
  const { out } = context;
  out.done({ items }, () => {
    if (items.length === 0) return out.line('No robot of it is like that.', 'dim');
    out.table(
      ['ROBOT', 'STAGE', 'STATE', 'WHY'],
      items.map((item) => {
        const why = item.refusal ?? item.excluded;
        return [
          item.robot,
          item.stage === undefined ? undefined : (stages[item.stage]?.name ?? item.stage + 1),
          item.excluded ? { text: 'left out', tone: 'dim' } : item.state ? deploymentCell(item.state) : undefined,
          why === undefined ? '' : `${why.category}: ${why.detail}`,
        ];
      }),
    );
  });
}

/** Short enough for a row of 80 columns. */
const sayRow = (view: Parameters<typeof sayWhat>[0]): string =>
  view.spec.version === undefined ? `${view.spec.component}, back` : sayWhat(view);

/** By name as `rollout show` has it, or counted from 1. */
function stageIndex(stages: readonly { readonly name: string }[], word: string, rollout: RolloutId): number {
  const named = stages.findIndex(({ name }) => name === word);
  const index = named >= 0 ? named : /^[0-9]+$/.test(word) ? Number(word) - 1 : -1;
  if (index >= 0 && index < stages.length) return index;
  throw new CliError(`${rollout} has no stage ${word}.`, {
    hint: `It has ${stages.map(({ name }, at) => (name === `${at + 1}` ? name : `${at + 1} (${name})`)).join(', ')}.`,
    exitCode: EXIT.usage,
  });
}
