/** The rules of explain about what a robot should run: how far its orders have come, and what it reports instead. */
import type { Refusal } from '../failure.ts';
import type { ExplainFacts, Finding, Order } from './explain-facts.ts';
import { differenceOf } from './measured.ts';
import type { Activity, ComponentState } from './robot-facts.ts';
import { type DeploymentState, isTerminal } from './states.ts';

const ENDED_BADLY: Partial<Record<DeploymentState, string>> = {
  degraded: 'is degraded since it installed',
  rejected: 'refused',
  failed: 'failed to install',
  'rolled-back': 'rolled back from',
  'timed-out': 'did not finish in time with',
  quarantined: 'may not try again',
};

export function badEnd({ robot, orders, components }: ExplainFacts): Finding | undefined {
  const order = orders.find((each) => ENDED_BADLY[each.state] !== undefined && !differenceOf(each, components));
  if (!order) return undefined;
  // A first installation leaves nothing to run: there was no release before it.
  const isRemoved = order.state === 'rolled-back' && components !== undefined && !hasActive(components, order);
  const ended = isRemoved ? 'removed its first release' : ENDED_BADLY[order.state];
  return {
    ...about(order),
    says: `${robot} ${ended} ${formatRelease(order)}${because(order.refusal)}`,
    unblock: order.refusal?.hint ?? `Read fairlead history --robot ${robot}, then deploy a release that works.`,
  };
}

export function waiting({ robot, activity, orders }: ExplainFacts): Finding | undefined {
  if (activity?.state !== 'waiting') return undefined;
  const order = orders.find(({ deployment }) => deployment === activity.deployment);
  const { refusal } = activity;
  return {
    ...(order && about(order)),
    ...(refusal && { refusal }),
    says: `${robot} waits${order ? ` with ${formatRelease(order)}` : ''}${because(refusal)}`,
    unblock: refusal?.hint ?? `Ask on the robot itself: fairlead-agent explain.`,
  };
}

// biome-ignore format: the table is read by column
const AT_WORK: Readonly<Record<Activity['state'], string>> = {
  'idle':         'has nothing to do for',
  'downloading':  'downloads',
  'verifying':    'verifies',
  'staging':      'unpacks',
  'testing':      'tests, in a guarded child,',
  'waiting':      'waits with',
  'switching':    'switches to',
  'probation':    'runs on probation:',
  'committing':   'commits',
  'rolling-back': 'rolls back from',
  'reporting':    'reports on',
};

export function working({ robot, activity, orders }: ExplainFacts): Finding | undefined {
  if (!activity || activity.state === 'idle') return undefined;
  const order = orders.find(({ deployment }) => deployment === activity.deployment);
  const progress = activity.progress === undefined ? '' : ` (${Math.floor(activity.progress * 100)} %)`;
  const what = order ? formatRelease(order) : (activity.component ?? 'an update');
  return { ...(order && about(order)), says: `${robot} ${AT_WORK[activity.state]} ${what}${progress}` };
}

export function offered({ robot, orders }: ExplainFacts): Finding | undefined {
  const order = orders.find(({ state }) => !isTerminal(state));
  if (!order) return undefined;
  const verb = order.state === 'pending' ? 'will be offered' : order.state === 'offered' ? 'was offered' : 'works on';
  const then =
    order.state === 'pending' ? ' at its next check-in' : order.state === 'offered' ? ' and has not begun' : '';
  return { ...about(order), says: `${robot} ${verb} ${formatRelease(order)}${then}` };
}

/** A difference that no other order repairs: a person has to decide. During an update a robot reports the release that it is leaving. */
export function unrepaired(facts: ExplainFacts): Finding | undefined {
  if (facts.activity && facts.activity.state !== 'idle') return undefined;
  const order = facts.orders.find(({ notRepaired }) => notRepaired !== undefined);
  return order && describeDifference(facts, order);
}

/** The order was fulfilled once, and the robot reports another digest now. */
export function differs(facts: ExplainFacts): Finding | undefined {
  const order = facts.orders.find((each) => differenceOf(each, facts.components) !== undefined);
  return order && describeDifference(facts, order);
}

function describeDifference({ robot, components }: ExplainFacts, order: Order): Finding | undefined {
  const difference = differenceOf(order, components);
  if (!difference) return undefined;
  const { component, notRepaired } = order;
  const { reported } = difference;
  const runs = reported ? describeMeasured({ component, ...reported }) : `no release of ${component}`;
  const next = notRepaired?.detail ?? 'it is ordered again when it next checks in and is idle';
  return {
    component,
    says: `${robot} reports ${runs} but its order is ${describeMeasured(order)}: ${next}`,
    ...(notRepaired && { refusal: notRepaired, unblock: notRepaired.hint }),
  };
}

export function settled({ robot, orders, presence }: ExplainFacts): Finding | undefined {
  const runs = orders.filter(({ state }) => state === 'succeeded' || state === 'skipped').map(formatRelease);
  if (runs.length === 0) return undefined;
  const late = presence === 'late' ? ', though it is late to check in' : '';
  return { says: `${robot} is up to date with ${runs.join(', ')}${late}` };
}

export function nothingAssigned({ robot, components = [] }: ExplainFacts): string {
  const runs = components.flatMap(({ component, active }) => (active ? [`${component}@${active.version}`] : []));
  return `${robot} has nothing assigned${runs.length > 0 ? ` and reports ${runs.join(', ')}` : ''}`;
}

const describeMeasured = ({
  component,
  version,
  manifestSha256,
}: Pick<Order, 'component' | 'version' | 'manifestSha256'>) =>
  `${component}@${version} (${manifestSha256.slice(0, 12)})`;
const hasActive = (components: readonly ComponentState[], order: Order): boolean =>
  components.some(({ component, active }) => component === order.component && active !== undefined);
export const formatRelease = ({ component, version }: Order): string => `${component}@${version}`;
export const about = ({ component, refusal }: Order) => ({ component, ...(refusal && { refusal }) });
const because = (refusal: Refusal | undefined): string => (refusal ? `: ${refusal.detail}` : '');
