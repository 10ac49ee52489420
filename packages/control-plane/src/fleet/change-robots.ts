/** An operator's word on a robot: accept, reject, decommission, or change what it is called for. */
import type { operatorApi } from '@fairlead/shared/api/operator-api';
import type { Lifecycle } from '@fairlead/shared/fleet/states';
import type { RobotId } from '@fairlead/shared/ids';
import type { PersonCaller } from '../http/caller.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { REPEATED_FAILURES } from '../report/quarantine-failing.ts';
import { refuseLabelClash } from '../rules/refuse-label-clash.ts';
import type { RobotRecord } from '../store/robots.ts';
import type { Slices } from '../store/store.ts';
import { needRobot, type RobotViewDeps, viewOne } from './list-robots.ts';

export interface ChangeRobotsDeps extends RobotViewDeps {
  /** Runs in the transaction that decommissions: what was still ordered of the robot ends with it. */
  readonly onDecommission?: (slices: Slices, robot: RobotId, by: string) => Promise<void>;
  /** Runs in the transaction that ends a quarantine: what the robot missed meanwhile. */
  readonly onReadmitted?: (slices: Slices, robot: RobotId) => Promise<void>;
  /** It belongs to the fleet now, or is called for by another group or other labels. */
  readonly onMoved?: (robot: RobotId) => void;
  /** The robot's next answer differs from what it is waiting for. */
  readonly wake?: (robot: RobotId) => void;
}
type ChangeRoutes = Pick<
  typeof operatorApi,
  'changeRobot' | 'acceptRobot' | 'rejectRobot' | 'readmitRobot' | 'decommissionRobot'
>;
type Named = Pick<RobotRecord, 'robot'>;
type Change = (record: RobotRecord, slices: Slices) => RobotRecord | Promise<RobotRecord>;

export function changeRobotsHandlers(deps: ChangeRobotsDeps): Handlers<ChangeRoutes> {
  const change = async (robot: RobotId, apply: Change) => {
    const record = await deps.store.transaction(async (slices) => {
      const changed = await apply(await needRobot(slices, robot), slices);
      await slices.robots.save(changed);
      return changed;
    });
    deps.wake?.(robot);
    deps.onMoved?.(robot);
    return viewOne(deps, record);
  };

  const log = async (slices: Slices, caller: PersonCaller, action: string, { robot }: Named, detail: string) => {
    await slices.audit.append({ at: deps.clock.now(), by: caller.actor, action, element: robot, detail });
  };

  return {
    changeRobot: ({ params, body, caller }) =>
      change(params.robot, async ({ group, ...record }, slices) => {
        await refuseLabelClash(slices, body, record.labels);
        const newGroup = body.group ?? group;
        const labels = Object.entries(body.labels ?? record.labels).map(([key, value]) => `${key}=${value}`);
        const called = `Its group is ${newGroup || 'none'}, its labels are ${labels.join(', ') || 'none'}.`;
        await log(slices, caller, 'robot.label', record, called);
        // An empty group takes the robot out of its group.
        return { ...record, ...(newGroup && { group: newGroup }), labels: body.labels ?? record.labels };
      }),

    acceptRobot: ({ params, body, caller }) =>
      change(params.robot, async (record, slices) => {
        if (body.keyFingerprint !== undefined && body.keyFingerprint !== record.keyid) throw otherKey(record);
        const moved = move(record, 'accepted', ['pending', 'rejected']);
        await log(slices, caller, 'robot.accept', record, `It belongs to ${record.environment}; key ${record.keyid}.`);
        return moved;
      }),

    readmitRobot: ({ params, caller }) =>
      change(params.robot, async ({ quarantined, ...record }, slices) => {
        if (quarantined && quarantined.category !== REPEATED_FAILURES) {
          throw problem('conflict', `${record.robot} can't be readmitted: ${quarantined.detail}`, {
            hint: quarantined.hint,
          });
        }
        if (quarantined) await slices.desired.raise(record.robot);
        // It is judged as it is from now on.
        await slices.robots.save(record);
        await deps.onReadmitted?.(slices, record.robot);
        await log(slices, caller, 'robot.readmit', record, quarantined?.detail ?? 'It was not quarantined.');
        return record;
      }),

    rejectRobot: ({ params, caller }) =>
      change(params.robot, async (record, slices) => {
        const moved = move(record, 'rejected', ['pending']);
        await log(slices, caller, 'robot.reject', record, `It may not join; key ${record.keyid}.`);
        return moved;
      }),

    decommissionRobot: ({ params, caller }) =>
      change(params.robot, async (record, slices) => {
        await slices.robots.blockKey(record.keyid, deps.clock.now());
        await deps.onDecommission?.(slices, record.robot, caller.actor);
        await log(
          slices,
          caller,
          'robot.decommission',
          record,
          `It is out for good; its key ${record.keyid} is blocked.`,
        );
        return move(record, 'decommissioned', ['pending', 'accepted', 'rejected']);
      }),
  };
}

/** Doing it twice is as good as once. */
function move(record: RobotRecord, to: Lifecycle, from: readonly Lifecycle[]): RobotRecord {
  if (record.lifecycle === to) return record;
  if (from.includes(record.lifecycle)) return { ...record, lifecycle: to };
  throw problem('conflict', `${record.robot} is ${record.lifecycle} and cannot become ${to}.`, { hint: NEXT[to] });
}

const NEXT: Readonly<Record<Lifecycle, string>> = {
  pending: 'A robot becomes pending by enrolling.',
  accepted: 'A decommissioned robot enrols again, with a new key.',
  rejected: 'An accepted robot is taken out with: fairlead robot decommission ROBOT',
  decommissioned: 'Nothing is left to do.',
};

const otherKey = ({ robot, keyid }: RobotRecord) =>
  problem('conflict', `The key of ${robot} has the fingerprint ${keyid}, which is not the one you compared.`, {
    hint: 'Somebody else may use this name. Compare again with: fairlead-agent status, on the robot.',
  });
