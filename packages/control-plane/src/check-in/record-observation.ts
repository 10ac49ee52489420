/**
 * Writes down what a check-in says of the orders of its robot, before its answer is awaited: after a long-poll the robot has
 * perhaps described itself anew, and the old description must not overwrite the new one.
 */
import type { RobotId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import { isCloned } from '../report/quarantine.ts';
import { leftBehind, type OrderBackDeps, orderBack, undoingOfOrder } from '../rollout/order-back.ts';
import type { Desired } from '../store/desired.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { RobotRecord } from '../store/robots.ts';
import { noteReadiness } from './holds.ts';
import type { ReconcileAlarms } from './reconcile-alarms.ts';
import { type RecordHealthDeps, recordHealth } from './record-health.ts';

export interface ObservationDeps extends OrderBackDeps, RecordHealthDeps {
  /** Orders again what the robot should run and, by this check-in, does not. Answers whether it wrote something. */
  readonly repair: (robot: RobotId, orders: Desired['deployments'], facts: RobotFacts) => Promise<boolean>;
  readonly reconcileAlarms: ReconcileAlarms;
}
export interface Observation {
  readonly robot: RobotRecord;
  readonly facts: RobotFacts;
  readonly understandsHolds: boolean;
  readonly now: Instant;
}
/** Answers whether it wrote something: then the orders of the robot are read again. */
type Step = (deps: ObservationDeps, seen: Observation, orders: Desired['deployments']) => Promise<boolean>;

/** Answers the orders of the robot after that. Two machines that use one key are not believed. */
export async function recordObservation(deps: ObservationDeps, seen: Observation): Promise<Desired> {
  const { robot } = seen.robot;
  let desired = await deps.store.desired.of(robot);
  if (isCloned(seen.robot)) return desired;
  for (const step of STEPS) {
    if (await step(deps, seen, desired.deployments)) desired = await deps.store.desired.of(robot);
  }
  return desired;
}

const mayBeOrdered = ({ lifecycle, quarantined }: RobotRecord): boolean => lifecycle === 'accepted' && !quarantined;

/** A robot that is idle on a release which is undone, and which nothing asks it to run or to leave, is ordered back. */
const bringBack: Step = async (deps, { robot, facts, now }, orders) => {
  if (!mayBeOrdered(robot) || facts.activity?.state !== 'idle') return false;
  const undone = await leftBehind(deps.store, orders, facts);
  // Most robots of failed orders run something that nobody undoes: they are no reason for a transaction.
  if (!undone || !(await undoingOfOrder(deps.store, undone))) return false;
  return (await deps.store.transaction((slices) => orderBack(deps, slices, undone, facts, now))) !== undefined;
};

const compareAlarms: Step = async (deps, { robot, facts, now }) => {
  const rollouts = await deps.reconcileAlarms(robot.robot, facts, now);
  for (const rollout of rollouts) deps.poke(rollout);
  return rollouts.length > 0;
};

const recordReadiness: Step = async (deps, { robot, facts, understandsHolds, now }, orders) => {
  if (!mayBeOrdered(robot) || !facts.activity) return false;
  const changed = await noteReadiness(deps.store, orders, { activity: facts.activity, understandsHolds }, now);
  if (changed?.part) deps.poke(changed.part.rollout);
  return changed !== undefined;
};

const STEPS: readonly Step[] = [
  (deps, { robot, facts }, orders) => deps.repair(robot.robot, orders, facts),
  (deps, { robot, facts, now }, orders) => recordHealth(deps, robot.robot, orders, facts, now),
  compareAlarms,
  bringBack,
  recordReadiness,
];
