/** Who takes part: the robots of the target that can take the release, and those that can't with the reason. */
import type { Refusal } from '@fairlead/shared/failure';
import { rankOf, seedOf } from '@fairlead/shared/rollout/cohort';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { readRelease } from '../assign/deploy.ts';
import { judgeOrder } from '../assign/judge-order.ts';
import { resolveTarget } from '../assign/resolve-target.ts';
import { ProblemReply } from '../http/problem.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Member } from '../store/rollouts.ts';
import type { Slices } from '../store/store.ts';
import type { RolloutDeps } from './rollout-deps.ts';

/** Robots of the target in the rollout's environment, by name; none where the target means nobody any more. */
export async function robotsMeant(
  { factsOf }: Pick<RolloutDeps, 'factsOf'>,
  slices: Slices,
  { spec }: Pick<Rollout, 'spec'>,
): Promise<readonly RobotRecord[]> {
  const robots = await resolveTarget(slices, spec.target, factsOf).catch((error: unknown) => {
    if (error instanceof ProblemReply) return [];
    throw error;
  });
  return robots.filter(({ environment }) => environment === spec.environment);
}

/** What can't be mended by waiting is left out before anything is counted (DESIGN 7.12). */
export async function judgeMembers(
  { factsOf }: Pick<RolloutDeps, 'factsOf'>,
  slices: Slices,
  { spec }: Pick<Rollout, 'spec'>,
  robots: readonly RobotRecord[],
): Promise<readonly Member[]> {
  const { kind, component, version, environment } = spec;
  // Going back to an older release is what a rollback is for; the signed floor holds all the same.
  const allowDowngrade = kind === 'rollback' || (spec.allowDowngrade ?? false);
  const seed = seedOf(spec);
  const wanted = version === undefined ? undefined : { component, version };
  const release = wanted && (await readRelease(slices, environment, wanted));
  return robots.map((robot): Member => {
    const judged = wanted && judgeOrder({ robot, facts: factsOf(robot.robot), wanted, release, allowDowngrade });
    const excluded: Refusal | undefined = judged && !judged.ok ? judged.refused : undefined;
    return { robot: robot.robot, rank: rankOf(seed, robot.robot), ...(excluded && { excluded }) };
  });
}
