/**
 * Undoing: what a rollback was ordered to undo is gone afterwards, and a rollback never returns a robot to a release that
 * it was rolled back from.
 */
import type { DeploymentState } from '@fairlead/shared/fleet/states';
import type { DeploymentId, RobotId, RolloutId, Sha256 } from '@fairlead/shared/ids';
import type { Rollout } from '@fairlead/shared/rollout/rollout';
import { hasPassedAllStages } from '@fairlead/shared/rollout/states';
import { type Instant, MINUTE, toTimestamp } from '@fairlead/shared/time';
import type { Person } from '../world/people.ts';
import type { Audit, AuditDeps } from './audit.ts';
import type { Run } from './ground-truth.ts';
import type { DeploymentRecord } from './server-records.ts';

/** The robot tried and could not: its deployment is named as failed. */
const COULD_NOT: readonly DeploymentState[] = ['failed', 'rolled-back', 'rejected', 'quarantined'];

export function auditRollbacks({ stage, records }: AuditDeps): Audit {
  const { truth, checks } = stage.world;
  /** Of each robot, the releases it was rolled back from and not deliberately sent to since. */
  const abandoned = new Map<RobotId, Set<Sha256>>();

  return {
    async look() {
      const changes = truth.changes.splice(0);
      const ids = changes.flatMap(({ deployment }) => (deployment === undefined ? [] : [deployment]));
      const deployments = await records.deployments(ids);
      for (const { robot, at, left, to, deployment } of changes) {
        const known = abandoned.get(robot) ?? new Set();
        abandoned.set(robot, known);
        const order = deployment === undefined ? undefined : deployments.get(deployment);
        if (order?.kind === 'rollback' && known.size > 0 && !truth.wasNamed(robot, to)) {
          const orders = known.has(to) ? await records.deployments(runsOf(truth.runs(robot))) : deployments;
          const says = () =>
            `${robot} switched at ${toTimestamp(at)} by the rollback ${deployment} (${order.rollout ?? 'direct'}) to ${order.version}, which it was rolled back from before; it ran ${describeRuns(truth.runs(robot), orders)}`;
          checks.expect('never-back-to-abandoned', !known.has(to), says, robot);
        }
        if (order?.kind === 'deploy') known.delete(to);
        if (order?.kind !== 'deploy' && left !== undefined && isRolledBackFrom(left, at, order, truth.runs(robot))) {
          known.add(left);
        }
        if (order?.kind === 'rollback') known.delete(to);
      }
    },
  };
}

/**
 * Whether the rollback was meant for this release. One that the robot fell back to by itself, after the rollback was
 * ordered, is not what a person, or the robot, rolled back from.
 */
function isRolledBackFrom(
  left: Sha256,
  at: Instant,
  order: DeploymentRecord | undefined,
  runs: readonly Run[],
): boolean {
  const run = runs.findLast(({ from, release }) => from < at && release === left);
  return order === undefined || run === undefined || run.from <= order.createdAt || run.deployment !== undefined;
}

const describeRuns = (runs: readonly Run[], orders?: ReadonlyMap<DeploymentId, DeploymentRecord>): string =>
  runs
    .map(({ version, from, deployment }) => {
      const order = deployment && orders?.get(deployment);
      const kind = order ? `${order.kind} of ${toTimestamp(order.createdAt)}, now ${order.state}, ` : '';
      return `${version} from ${toTimestamp(from)} by ${kind}${deployment ?? 'no order'}`;
    })
    .join(', ');
const runsOf = (runs: readonly Run[]): DeploymentId[] =>
  runs.flatMap(({ deployment }) => (deployment === undefined ? [] : [deployment]));

/** A robot that came back gets its order with its next check-in, does the work and may have to wait for a lease. */
const TIME_TO_GO_BACK = 40 * MINUTE;

/** What no rollback can change: the robot has no other release, or none that it was not rolled back from, or must not have one. */
const NO_WAY_BACK = new Set(['no_previous', 'abandoned', 'quarantined', 'not_accepted', 'revoked']);

export function auditUndoing({ stage, records }: AuditDeps, auditor: Person): Audit {
  const { world, fleet } = stage;
  const { agenda, truth, checks } = world;

  /** It was left out for such a reason, and the undoing names it to people. */
  const isNamedAsLeftOut = async ({ rollout }: Rollout, robot: RobotId): Promise<boolean> => {
    const why = (await records.excluded(rollout)).get(robot);
    if (why === undefined || !NO_WAY_BACK.has(why.category)) return false;
    const { notReached } = await auditor.must((api) => api.showRollout({ params: { rollout } }));
    const named = notReached?.robots ?? [];
    return (
      named.some((one) => one.robot === robot && one.why === why.detail) || (notReached?.count ?? 0) > named.length
    );
  };

  const checkRobot = async (
    robot: RobotId,
    undo: Rollout,
    undone: RolloutId,
    { orders, desired, deployments }: Known,
  ): Promise<void> => {
    const one = fleet.get(robot);
    const run = truth.runs(robot).at(-1);
    const since = one?.onlineSince();
    const patient = TIME_TO_GO_BACK + 2 * stage.interval;
    if (!one || since === undefined || undo.endedAt === undefined) return;
    if (agenda.now() - Math.max(since, undo.endedAt) < patient || one.disk.journal) return;
    const wanted = desired.get(robot);
    // A newer order has the last word on this robot.
    if (wanted && wanted.createdAt > undo.createdAt && wanted.rollout !== undo.rollout) return;
    const order = orders.get(robot);
    if (order && COULD_NOT.includes(order.state)) return;
    const brought = run?.deployment === undefined ? undefined : deployments.get(run.deployment);
    const says = () =>
      `${robot} runs ${run?.version} by ${run?.deployment} of ${undone}, which ${undo.rollout} undid until ${toTimestamp(undo.endedAt ?? 0)}; its part of the undoing is ${order?.state ?? 'absent'}`;
    const isGone = brought?.rollout !== undone;
    checks.expect('undone-gone', isGone || (!order && (await isNamedAsLeftOut(undo, robot))), says, robot);
  };

  return {
    async look() {
      const undoings = (await records.rollouts()).filter(
        ({ spec, state }) => 'updatedBy' in spec.target && hasPassedAllStages(state),
      );
      if (undoings.length === 0) return;
      const desired = await records.desired();
      const present: DeploymentId[] = [];
      for (const robot of fleet.keys()) {
        const by = truth.runs(robot).at(-1)?.deployment;
        if (by !== undefined) present.push(by);
      }
      const deployments = await records.deployments(present);
      for (const undo of undoings) {
        const { target } = undo.spec;
        if (!('updatedBy' in target)) continue;
        const orders = new Map((await records.deploymentsOfRollout(undo.rollout)).map((one) => [one.robot, one]));
        const touched = new Set((await records.deploymentsOfRollout(target.updatedBy)).map(({ robot }) => robot));
        for (const robot of touched) await checkRobot(robot, undo, target.updatedBy, { orders, desired, deployments });
      }
    },
  };
}
interface Known {
  readonly orders: ReadonlyMap<RobotId, DeploymentRecord>;
  readonly desired: ReadonlyMap<RobotId, DeploymentRecord>;
  readonly deployments: ReadonlyMap<DeploymentId, DeploymentRecord>;
}

/** Reports and clocks of the two sides are that far apart at most. */
const SLACK: Instant = 2 * MINUTE;

export function auditSkipped({ stage, records }: AuditDeps): Audit {
  const { world, fleet } = stage;
  const { truth, checks, agenda } = world;
  const seen = new Set<DeploymentId>();
  return {
    async look() {
      const fresh = (await records.skipped()).filter(({ deployment }) => !seen.has(deployment));
      for (const order of fresh) {
        const { robot, deployment, createdAt, endedAt = createdAt, release, version } = order;
        // Its switch may be reported later than the skip: the next look judges it.
        if (agenda.now() - endedAt < 2 * SLACK) continue;
        seen.add(deployment);
        if (!fleet.has(robot)) continue;
        const runs = truth.runs(robot);
        const before = runs.filter(({ from }) => from <= endedAt + SLACK);
        const index = before.findLastIndex(
          (run) => run.release === release && endsAfter(runs, run.from, endedAt - SLACK),
        );
        // What it left by an older order, or by itself, it did not really run: it was on its way elsewhere.
        const next = runs[index + 1];
        const ids = next?.deployment === undefined ? [] : [next.deployment];
        const cause = (await records.deployments(ids)).get(ids[0] ?? ('' as DeploymentId));
        const stayed =
          next === undefined || next.from > endedAt + TIME_TO_GO_BACK || (cause?.createdAt ?? 0) >= createdAt;
        const says = () =>
          `${deployment} of ${robot} was skipped at ${toTimestamp(endedAt)} as if it ran ${version}; it ran ${describeRuns(runs)}`;
        checks.expect('skipped-runs-it', index >= 0 && stayed, says, robot);
      }
    },
  };
}

const endsAfter = (runs: readonly { readonly from: Instant }[], from: Instant, at: Instant): boolean => {
  const next = runs.find((run) => run.from > from);
  return next === undefined || next.from >= at;
};
