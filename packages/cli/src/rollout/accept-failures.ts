/** What a person accepts with `resume` or `promote`: how many failures, on which robots. */
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import { FAILED_STATES } from '@fairlead/shared/rollout/tally';
import type { CliContext } from '../context.ts';
import { countStage, type RolloutView } from './stage-counts.ts';

/** More names than these are not shown. */
const MOST_NAMES = 5;
/** Robots whose failure was accepted before are passed over. */
const PAGE = 100;

/** The question to ask before; undefined where no failure is accepted that was not accepted before. */
export const acceptFailures =
  (verb: string) =>
  async (view: RolloutView, context: CliContext): Promise<string | undefined> => {
    const accepted: string[] = [];
    // Stages that have passed are judged by their failures, too, for as long as the rollout runs.
    for (const [index, stage] of view.stages.slice(0, view.stage + 1).entries()) {
      const count = countStage(stage).failed - (stage.acceptedFailures ?? 0);
      if (count <= 0) continue;
      const robots = (await failedRobots(context, view, index)).join(', ');
      accepted.push(`${count === 1 ? '1 failure' : `${count} failures`} in stage ${stage.name} (${robots})`);
    }
    return accepted.length === 0 ? undefined : `${verb} ${view.rollout} and accept ${accepted.join(' and ')}?`;
  };

async function failedRobots(context: CliContext, { rollout, stages }: RolloutView, stage: number): Promise<string[]> {
  const { operator } = context.client();
  const names: string[] = [];
  const states = Object.keys(stages[stage]?.counts.states ?? {}) as DeploymentState[];
  for (const state of states) {
    if (names.length > MOST_NAMES || !FAILED_STATES.includes(state)) continue;
    const query = { stage, state, limit: PAGE };
    const { items } = await operator.listRolloutRobots({ params: { rollout }, query });
    const fresh = items.filter(({ failureAccepted }) => failureAccepted !== true);
    names.push(...fresh.map(({ robot, refusal }) => (refusal ? `${robot}: ${refusal.category}` : robot)));
  }
  return names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), '…'] : names;
}
