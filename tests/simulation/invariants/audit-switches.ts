/** Switches against the server's records: budgets at every instant, pauses and maintenance windows at each confirmation. */
import { askMaintenance } from '@fairlead/shared/fleet/maintenance-window';
import type { DeploymentId, RolloutId } from '@fairlead/shared/ids';
import { limitOf } from '@fairlead/shared/rollout/rollout-spec';
import { fromTimestamp, type Instant, toTimestamp } from '@fairlead/shared/time';
import type { Person } from '../world/people.ts';
import type { Audit, AuditDeps } from './audit.ts';
import type { Confirmed, Interval } from './ground-truth.ts';
import { crowdOf, type Stay } from './places.ts';
import type { DeploymentRecord } from './server-records.ts';
import type { Stops } from './stops.ts';

export interface Limits {
  readonly maxConcurrent: number;
  /** For each site. */
  readonly perSite: number;
}

interface Spell {
  readonly from: Instant;
  readonly until: Instant;
}
const covers = ({ from, until }: Spell, since: Instant, to: Instant): boolean => from < since && to < until;

const STOPS = new Set(['paused', 'stage-failed', 'stage-inconclusive', 'aborted', 'superseded']);
const GOES = new Set(['resumed', 'promoted', 'retried']);

/** When it stood still, from its own history: gates stop rollouts too, without an acknowledgement. */
function standstills(history: readonly { readonly at: string; readonly what: string }[]): readonly Spell[] {
  const spells: Spell[] = [];
  let since: Instant | undefined;
  for (const { at, what } of history) {
    if (STOPS.has(what)) since ??= fromTimestamp(at);
    if (!GOES.has(what) || since === undefined) continue;
    spells.push({ from: since, until: fromTimestamp(at) });
    since = undefined;
  }
  return since === undefined ? spells : [...spells, { from: since, until: Infinity }];
}

/** An order that times out gives its place in the budget up, whatever its robot reports later. */
const stayOf = ({ from, until }: Interval, timedOutAt: Instant | undefined): Stay => ({
  from,
  until: timedOutAt === undefined ? until : Math.max(from, Math.min(timedOutAt, until ?? timedOutAt)),
});

/** `limits` is absent where the fleet has none. */
export function auditBudgets({ stage, records }: AuditDeps, auditor: Person, limits: Limits | undefined): Audit {
  const { world, checks, fleet } = stage;
  const expectRoom = (what: string, stays: readonly Stay[], most: number): void => {
    const crowd = crowdOf(stays);
    const says = () =>
      `${crowd.most} robots of ${what} were between switch and end at ${toTimestamp(crowd.at)}; ${most} may be`;
    checks.expect('budgets', crowd.most <= most, says);
  };
  const lookAtStages = async (
    rollout: RolloutId,
    there: readonly { readonly part: DeploymentRecord; readonly stay: Stay }[],
  ) => {
    const { spec, stages } = await auditor.must((api) => api.showRollout({ params: { rollout } }));
    for (const [index, of] of Map.groupBy(there, ({ part }) => part.stage ?? -1)) {
      const most = spec.stages[index]?.maxUnavailable;
      const endedAt = stages[index]?.endedAt;
      // A stage that passed early has no limit of its own any more, but for the last one.
      if (most === undefined || (endedAt !== undefined && index + 1 < stages.length)) continue;
      const stays = of.map(({ stay }) => stay);
      expectRoom(`stage ${index + 1} of ${rollout}`, stays, limitOf(most, stages[index]?.size ?? 0));
    }
  };
  return {
    async look() {
      const { intervals } = world.truth;
      const ids = intervals.map(({ deployment }) => deployment);
      const [parts, timeOuts] = [await records.deployments(ids), await records.timeOuts(ids)];
      const stays = intervals.flatMap((interval) => {
        const part = parts.get(interval.deployment);
        return part?.rollout === undefined
          ? []
          : [{ interval, part, stay: stayOf(interval, timeOuts.get(part.deployment)), rollout: part.rollout }];
      });
      // Break glass may exceed the limits; all others keep them.
      const bound = stays.filter(({ rollout }) => !stage.unlimited.has(rollout));
      if (limits) {
        expectRoom(
          'the fleet',
          bound.map(({ stay }) => stay),
          limits.maxConcurrent,
        );
        const bySite = Map.groupBy(bound, ({ interval }) => fleet.get(interval.robot)?.traits.labels['site'] ?? '');
        for (const [site, there] of bySite)
          expectRoom(
            `site ${site}`,
            there.map(({ stay }) => stay),
            limits.perSite,
          );
      }
      for (const [rollout, there] of Map.groupBy(stays, (each) => each.rollout)) await lookAtStages(rollout, there);
      // What has ended was judged together with everything that was under way at the same time.
      const open = intervals.filter(({ until }) => until === undefined);
      const since = Math.min(world.agenda.now(), ...open.map(({ from }) => from));
      const kept = intervals.filter(({ until }) => until === undefined || until > since);
      intervals.splice(0, intervals.length, ...kept);
    },
  };
}

export function auditConfirmations({ stage, records }: AuditDeps, auditor: Person, stops: Stops): Audit {
  const { world, checks } = stage;
  const { truth } = world;

  /** A rollout of this robot was stopped: only then can a confirmation be wrong. */
  const checkStops = async (confirmed: readonly Confirmed[], parts: ReadonlyMap<DeploymentId, DeploymentRecord>) => {
    const halts = new Map<RolloutId, readonly Spell[]>();
    for (const { robot, deployment, askedAt, at } of confirmed) {
      const rollout = parts.get(deployment)?.rollout;
      if (rollout === undefined) continue;
      let spells = halts.get(rollout);
      if (!spells) {
        const { items } = await auditor.must((api) => api.rolloutHistory({ params: { rollout } }));
        halts.set(rollout, (spells = standstills(items)));
      }
      if (spells.length === 0) continue;
      const says = () => `${robot} asked at ${toTimestamp(askedAt)} and was let switch, while ${rollout} stood still`;
      const halted = spells.some((spell) => covers(spell, askedAt, at)) || stops.stood(rollout, askedAt, at);
      checks.expect('no-switch-while-stopped', !halted, says, robot);
    }
  };
  const checkWindows = (confirmed: readonly Confirmed[], parts: ReadonlyMap<DeploymentId, DeploymentRecord>): void => {
    for (const { robot, deployment, askedAt, at } of confirmed) {
      const part = parts.get(deployment);
      const one = stage.fleet.get(robot);
      // Going back waits for no maintenance window.
      if (!part || !one || part.kind === 'rollback' || part.skips.includes('window')) continue;
      const inForce = stage.windows.inForce(askedAt, at);
      if (inForce === undefined || inForce.length === 0) continue;
      const { group, labels, inventory } = one.traits;
      const labelled = { robot, group, labels, environment: world.environment, inventory };
      const isOpen = [askedAt, at].some((moment) => askMaintenance(inForce, labelled, moment).open);
      const says = () =>
        `${robot} asked at ${toTimestamp(askedAt)} and was let switch, outside its maintenance windows`;
      checks.expect('no-switch-outside-window', isOpen, says, robot);
    }
  };

  return {
    async look() {
      const confirmed = truth.confirmations.splice(0);
      const parts = await records.deployments(confirmed.map(({ deployment }) => deployment));
      await checkStops(confirmed, parts);
      checkWindows(confirmed, parts);
    },
  };
}
