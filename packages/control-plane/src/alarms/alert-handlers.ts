/** Alarms of robots for people: listed, acknowledged, resolved by hand. */
import type { alertApi } from '@fairlead/shared/api/alert-api';
import type { Refusal } from '@fairlead/shared/failure';
import { ALARM_STATES, type Alarm } from '@fairlead/shared/fleet/alarm';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Clock, Instant } from '@fairlead/shared/time';
import type { PersonCaller } from '../http/caller.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import type { AlarmFilter } from '../store/alarms.ts';
import type { Slices, Store } from '../store/store.ts';

const DEFAULT_PAGE = 100;
/** Without a robot: one that raises hundreds must not fill the page. */
const DEFAULT_PER_ROBOT = 5;
const UNRESOLVED = ['open', 'acknowledged'] as const;

export interface AlertDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Whether the last check-in of the robot states the condition of this alarm: then it has not ended. */
  readonly isMeasured: (robot: RobotId, refusal: Refusal) => boolean;
  /** Runs in the transaction that resolves an alarm by hand: what counts against its release ends with it. */
  readonly onResolve: (
    slices: Slices,
    alarm: Alarm,
    resolution: { readonly at: Instant; readonly by: string },
  ) => Promise<{ readonly rollouts: readonly RolloutId[] }>;
  /** Lets the engine look at a rollout whose counts changed. */
  readonly poke: (rollout: RolloutId) => void;
}

export function alertHandlers({ store, clock, isMeasured, onResolve, poke }: AlertDeps): Handlers<typeof alertApi> {
  /** Makes one change to an alarm that is not resolved, with its audit entry. */
  const change = (
    id: string,
    caller: PersonCaller,
    { action, reason }: { readonly action: string; readonly reason: string | undefined },
    apply: (slices: Slices, before: Alarm) => Promise<boolean>,
  ): Promise<Alarm> =>
    store.transaction(async (slices) => {
      const before = await slices.alarms.find(id);
      if (!before)
        throw problem('not_found', `There is no alert ${id}.`, { hint: 'See fairlead alert list --state all.' });
      if (!(await apply(slices, before))) {
        throw problem('conflict', `Alert ${id} was resolved at ${before.resolved?.at} by ${before.resolved?.by}.`, {
          hint: `If the condition returns, ${before.robot} raises a new one.`,
        });
      }
      await slices.audit.append({
        at: clock.now(),
        by: caller.actor,
        action,
        element: before.robot,
        detail: `Alert ${id} (${before.refusal.category}): ${before.refusal.detail}`,
        ...(reason !== undefined && { reason }),
      });
      return (await slices.alarms.find(id)) ?? before;
    });

  return {
    async listAlerts({ query }) {
      const { state = 'unresolved', robot, cursor, limit = DEFAULT_PAGE } = query;
      const filter = { states: statesOf(state), ...(robot !== undefined && { robot }) };
      const perRobot = query.perRobot ?? (robot === undefined ? DEFAULT_PER_ROBOT : Number.MAX_SAFE_INTEGER);
      const found = await store.alarms.listPerRobot(filter, perRobot, { before: cursor, limit: limit + 1 });
      const listed = found.slice(0, limit);
      const items = listed.map(({ alarm }) => alarm);
      const more = listed
        .filter(({ leftOut }) => leftOut > 0)
        .map(({ alarm, leftOut }) => ({ robot: alarm.robot, count: leftOut }));
      const last = items.at(-1);
      return { items, ...(more.length > 0 && { more }), ...(found.length > limit && last && { next: last.id }) };
    },
    acknowledgeAlert: ({ params: { id }, body: { reason }, caller }) =>
      change(id, caller, { action: 'alert.acknowledge', reason }, ({ alarms }) =>
        alarms.acknowledge(id, { at: clock.now(), by: caller.actor, ...(reason !== undefined && { reason }) }),
      ),
    async resolveAlert({ params: { id }, body: { reason }, caller }) {
      let rollouts: readonly RolloutId[] = [];
      const resolved = await change(id, caller, { action: 'alert.resolve', reason }, async (slices, before) => {
        if (before.state !== 'resolved' && isMeasured(before.robot, before.refusal)) throw stillMeasured(before);
        const resolution = { at: clock.now(), by: caller.actor, how: 'by-hand', reason } as const;
        if (!(await slices.alarms.resolve(id, resolution))) return false;
        ({ rollouts } = await onResolve(slices, before, resolution));
        return true;
      });
      for (const rollout of rollouts) poke(rollout);
      return resolved;
    },
  };
}

const stillMeasured = ({ id, robot, refusal }: Alarm) =>
  problem('conflict', `Alert ${id} can't be resolved: ${robot} still measures it. ${refusal.detail}`, {
    hint: `It ends by itself when its health checks pass: fairlead alert ack ${id}. If the robot does not come back: fairlead robot decommission ${robot}`,
  });

function statesOf(asked: 'unresolved' | 'all' | Alarm['state']): AlarmFilter['states'] {
  if (asked === 'all') return ALARM_STATES;
  return asked === 'unresolved' ? UNRESOLVED : [asked];
}
