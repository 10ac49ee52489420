/**
 * Metric conditions of a gate: what the updated robots of the stage say of themselves in check-ins. Thresholds only;
 * statistics against the time before belong to the observability of a later version.
 */
import type { RobotId } from '@fairlead/shared/ids';
import type { ConditionVerdict } from '@fairlead/shared/rollout/gate';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import type { MetricCondition } from '@fairlead/shared/rollout/rollout-spec';
import { outcomesOf, type StageTally } from '@fairlead/shared/rollout/tally';
import type { Slices } from '../store/store.ts';
import type { RolloutDeps } from './rollout-deps.ts';

const PAGE = 500;
const DEFAULT_SHARE = 0.95;
/** With fewer robots that say anything at all, nobody can tell. */
const LEAST_HEARD = 0.5;

/** Undefined where the stage has no conditions, or no robot of it runs the release yet. */
export async function judgeConditions(
  { metricOf }: Pick<RolloutDeps, 'metricOf'>,
  { rollouts }: Slices,
  { rollout, spec, stage }: Rollout,
  tally: StageTally | undefined,
): Promise<ConditionVerdict | undefined> {
  const conditions = spec.stages[stage]?.gate?.conditions ?? [];
  if (conditions.length === 0 || !tally || outcomesOf(tally).succeeded === 0) return undefined;
  const updated: RobotId[] = [];
  for (let after: RobotId | undefined; ; ) {
    const page = await rollouts.members(rollout, { stage, state: 'succeeded' }, { after, limit: PAGE });
    updated.push(...page.map(({ robot }) => robot));
    after = page.at(-1)?.robot;
    if (page.length < PAGE) break;
  }
  const verdicts = conditions.map((condition) => judgeOne(condition, updated, metricOf));
  return (
    verdicts.find(({ holds }) => holds === 'no') ??
    verdicts.find(({ holds }) => holds === 'unknown') ?? { holds: 'yes' }
  );
}

function judgeOne(
  { metric, max = Infinity, min = -Infinity, share = DEFAULT_SHARE }: MetricCondition,
  robots: readonly RobotId[],
  metricOf: RolloutDeps['metricOf'],
): ConditionVerdict {
  const values = robots.map((robot) => metricOf(robot, metric)).filter((value) => value !== undefined);
  const good = values.filter((value) => value >= min && value <= max).length;
  const range = [min > -Infinity && `at least ${min}`, max < Infinity && `at most ${max}`]
    .filter(Boolean)
    .join(' and ');
  const says = `${metric} is ${range} on ${good} of the ${values.length} robots that tell it, and ${Math.ceil(share * 100)} % must`;
  if (values.length < robots.length * LEAST_HEARD) {
    return { holds: 'unknown', says: `only ${values.length} of ${robots.length} robots tell ${metric}` };
  }
  return good >= values.length * share ? { holds: 'yes' } : { holds: 'no', says };
}
