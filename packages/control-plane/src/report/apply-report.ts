/** What a robot's report changes: its deployment's state, and with it what the robot is told from now on. */
import type { Refusal } from '@fairlead/shared/failure';
import { countedState, withDegradation } from '@fairlead/shared/fleet/degradation';
import { afterCancel, afterReport, isCommitted, isFulfilled, isOrdered } from '@fairlead/shared/fleet/deployment';
import { isTerminal } from '@fairlead/shared/fleet/states';
import type { RobotId, RolloutId } from '@fairlead/shared/ids';
import type { Instant } from '@fairlead/shared/time';
import type { Report, ReportEvent } from '@fairlead/shared/trust/report';
import { applyAlarm } from '../alarms/apply-alarm.ts';
import { recordOutcome } from '../assign/abandon.ts';
import { recordRepaired } from '../assign/repair.ts';
import { saveWithSkipped } from '../assign/save-health.ts';
import { withdraw } from '../assign/withdraw.ts';
import { type OrderBackDeps, orderBack } from '../rollout/order-back.ts';
import type { Deployment } from '../store/deployments.ts';
import type { RobotFacts } from '../store/presence.ts';
import type { Slices } from '../store/store.ts';
import { applyHealth, degradeByAlarm, degradeByOpenAlarms, findMonitored, recoverFromAlarm } from './apply-health.ts';
import { applyOverride } from './apply-override.ts';
import { componentsAfter } from './components-after.ts';
import { notBefore, reportedAt } from './not-before.ts';
import { quarantineFailing } from './quarantine-failing.ts';

export interface Applied {
  /** It speaks of an order that was never given (attack 76). */
  readonly unknown?: Refusal;
  /** The rollouts whose counts it changed. */
  readonly rollouts?: readonly RolloutId[];
}

export async function applyReport(
  deps: OrderBackDeps,
  slices: Slices,
  report: Report,
  receivedAt: Instant,
): Promise<Applied> {
  const { body, robot } = report;
  const at = reportedAt(report, receivedAt);
  switch (body.event) {
    case 'update-state':
    case 'update-ended':
      return applyToDeployment(deps, slices, robot, body, at);
    case 'local-rollback':
      return letGo(slices, robot, body, at);
    case 'override':
      return (await applyOverride(slices, robot, body, at)) ? {} : { unknown: neverOrdered(robot, body) };
    case 'health-changed': {
      const found = await findMonitored(slices, robot, body);
      if (found) return applyHealth(slices, found, body, notBefore(found, at));
      const { deployment, component } = body;
      return deployment === undefined ? {} : { unknown: neverOrdered(robot, { deployment, component }) };
    }
    case 'alarm':
      await applyAlarm(slices.alarms, report, body, { at, receivedAt });
      return degradeByAlarm(slices, robot, body, at);
    case 'alarm-resolved':
      await applyAlarm(slices.alarms, report, body, { at, receivedAt });
      return recoverFromAlarm(slices, robot, body, at);
  }
}

async function applyToDeployment(
  deps: OrderBackDeps,
  slices: Slices,
  robot: RobotId,
  body: Extract<ReportEvent, { event: 'update-state' | 'update-ended' }>,
  told: Instant,
): Promise<Applied> {
  const { deployments, desired } = slices;
  const found = await deployments.find(body.deployment);
  if (!found || found.robot !== robot || found.component !== body.component) {
    return { unknown: neverOrdered(robot, body) };
  }
  const at = notBefore(found, told);
  const state = afterReport(found.state, body);
  if (state === found.state) return {};
  const { refusal: _before, endedAt: _ended, ...rest } = found;
  const refusal = body.refusal ?? (isTerminal(state) ? undefined : found.refusal);
  const next = { ...rest, state, ...(refusal && { refusal }), ...(isTerminal(state) && { endedAt: at }) };
  await deployments.save(next, { at, state, by: robot, ...(body.refusal && { refusal: body.refusal }) });
  await recordOutcome(slices, found, next, body.event === 'update-ended' ? body.previous : undefined);
  await recordRepaired(slices, next, at);
  if (state === 'waiting') await withdrawOrphan(slices, next, at);
  if (state === 'failed' || state === 'rolled-back') await quarantineFailing(slices, robot);
  if (body.event === 'update-ended' && isCommitted(state)) {
    await degradeByOpenAlarms(slices, next, at);
    await orderBack(deps, slices, next, factsAfter(deps.factsOf(robot), body), at);
  }
  const applied = found.part ? { rollouts: [found.part.rollout] } : {};
  if (isOrdered(state) === isOrdered(found.state)) return applied;
  // It leaves the assignment (or, cancelled too late, comes back into it): a change of content is a new seq.
  const { deployments: current } = await desired.of(robot);
  if (current.some(({ deployment }) => deployment === found.deployment)) await desired.raise(robot);
  return applied;
}

/** What was known of the robot, with what it runs by its own report of the end. */
function factsAfter(facts: RobotFacts, event: Extract<ReportEvent, { event: 'update-ended' }>): RobotFacts {
  const components = componentsAfter(facts.components ?? [], event);
  return { ...facts, ...(components && { components }) };
}

/** It turned round right before its switch, and its rollout has been given up meanwhile. */
async function withdrawOrphan(slices: Slices, deployment: Deployment, now: Instant): Promise<void> {
  const rollout = deployment.part && (await slices.rollouts.find(deployment.part.rollout));
  if (rollout?.state !== 'aborted' && rollout?.state !== 'superseded') return;
  await withdraw(slices, deployment, { by: 'control-plane', now, why: `Its rollout was ${rollout.state}.` });
}

/**
 * Somebody at the robot went back by hand: telling it the same release again would undo that. An order for another
 * release is a newer wish: it was given while the robot was offline, and stands.
 */
async function letGo(
  slices: Slices,
  robot: RobotId,
  { component, by, previous: givenUp }: Extract<ReportEvent, { event: 'local-rollback' }>,
  at: Instant,
): Promise<Applied> {
  const { abandoned, desired, deployments } = slices;
  if (givenUp) {
    const { version, manifestSha256 } = givenUp;
    const reason = `${by} on the robot itself`;
    await abandoned.save({ robot, component, version, manifestSha256, at, by: robot, reason });
  }
  const { deployments: current } = await desired.of(robot);
  const ordered = current.find((deployment) => deployment.component === component);
  if (!ordered || (givenUp && givenUp.manifestSha256 !== ordered.manifestSha256)) return {};
  await desired.raise(robot);
  await desired.unset(robot, component);
  // What was committed and left again is a failure for its rollout.
  const refusal = rolledBackLocally(ordered, by);
  const left = { ...ordered, state: afterCancel(ordered.state) };
  const next = withDegradation(left, { source: 'release', refusal });
  const { state } = next;
  const leftAt = notBefore(ordered, at);
  const ended = state === ordered.state ? {} : { endedAt: leftAt, refusal };
  const outcome = { ...next, ...ended };
  const event = { at: leftAt, state: countedState(next), by: robot, refusal };
  if (isFulfilled(state)) return saveWithSkipped(slices, outcome, event);
  await deployments.save(outcome, event);
  return ordered.part ? { rollouts: [ordered.part.rollout] } : {};
}

const neverOrdered = (
  robot: RobotId,
  { deployment, component }: { deployment: string; component: string },
): Refusal => ({
  phase: 'report',
  component,
  element: deployment,
  category: 'unknown_deployment',
  detail: `${robot} was never ordered ${deployment} for ${component}.`,
  retryable: true,
  hint: 'The report is kept as evidence. Was the database restored from a backup? Else look at that robot.',
});

const rolledBackLocally = ({ component, version }: Deployment, by: string): Refusal => ({
  phase: 'roll-back',
  component,
  element: `${component}@${version}`,
  category: 'rolled_back_locally',
  detail: `${by} rolled ${component} back on the robot itself.`,
  retryable: true,
  hint: 'Ask why, then deploy a release that works.',
});
