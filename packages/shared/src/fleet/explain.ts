/**
 * `fairlead explain ROBOT`: facts in, one sentence and the next move out. The questions are asked in the order
 * in which one answer makes the later ones pointless: a robot that is not accepted is never offered anything,
 * a silent one can't be asked how its update goes.
 */
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId, RobotId, RolloutId } from '../ids.ts';
import { HOUR, type Instant, MINUTE } from '../time.ts';
import type { Explanation } from './explanation.ts';
import { type ComparedOrder, differenceOf } from './measured.ts';
import type { Activity, ComponentState } from './robot-facts.ts';
import { type DeploymentState, isTerminal, type Lifecycle, type Presence } from './states.ts';

/** What the robot should run, one entry per component, with how far that has come. */
export interface Order extends ComparedOrder {
  readonly deployment: DeploymentId;
  /** Going back is worth a sentence of its own where a robot can't be reached. */
  readonly kind?: 'deploy' | 'rollback';
  readonly refusal?: Refusal;
  /** Why a difference between this order and what the robot reports is not repaired by another order. */
  readonly notRepaired?: Refusal;
}
export interface ExplainFacts {
  readonly robot: RobotId;
  readonly now: Instant;
  readonly lifecycle: Lifecycle;
  readonly presence: Presence;
  readonly lastSeen?: Instant;
  readonly quarantined?: Refusal;
  /** Whether the control plane has a trusted root, so that anything can be assigned at all. */
  readonly trustInitialised: boolean;
  readonly orders: readonly Order[];
  /** From the last check-in. */
  readonly activity?: Activity;
  /** What the robot reports to run, from its last check-in or report. */
  readonly components?: readonly ComponentState[];
  /** What rollouts that have not ended say of this robot, the most important first. */
  readonly rollouts?: readonly RolloutWord[];
}

/** A rollout's word on one robot, as its engine decides it. */
export interface RolloutWord {
  readonly rollout: RolloutId;
  readonly component: ComponentName;
  /**
   * `held`: it has its order and may not switch. `turn`: its turn has not come. `left-out`: it takes no part.
   */
  readonly is: 'held' | 'turn' | 'left-out';
  readonly why: Refusal;
}

/** What one rule finds; undefined where it does not apply. `unblock` present means blocked. */
interface Finding {
  readonly says: string;
  readonly unblock?: string;
  readonly component?: ComponentName;
  readonly refusal?: Refusal;
}
type Rule = (facts: ExplainFacts) => Finding | undefined;

const RULES: readonly Rule[] = [
  membership,
  quarantine,
  trust,
  silence,
  ailing,
  held,
  awaitsTurn,
  unrepaired,
  badEnd,
  waiting,
  working,
  differs,
  offered,
  leftOut,
  settled,
];

/** Always exactly one sentence; blocked if, and only if, there is something a person can do about it. */
export function explain(facts: ExplainFacts): Explanation {
  const found = RULES.map((rule) => rule(facts)).find((finding) => finding !== undefined);
  const { says, ...rest } = found ?? { says: nothingAssigned(facts) };
  return { robot: facts.robot, sentence: `${clause(says)}.`, blocked: rest.unblock !== undefined, ...rest };
}

function membership({ robot, lifecycle }: ExplainFacts): Finding | undefined {
  switch (lifecycle) {
    case 'accepted':
      return undefined;
    case 'pending':
      return {
        says: `${robot} waits to be accepted into the fleet`,
        unblock: `Compare its key fingerprint with the one the robot shows, then run fairlead robot accept ${robot}.`,
      };
    case 'rejected':
      return {
        says: `${robot} was refused by an operator and gets nothing`,
        unblock: 'Enrol it again with a one-time token if that was a mistake.',
      };
    case 'decommissioned':
      return {
        says: `${robot} was taken out of the fleet`,
        unblock: 'Enrol it again under a new key to bring it back.',
      };
  }
}

function quarantine({ robot, quarantined }: ExplainFacts): Finding | undefined {
  return (
    quarantined && {
      says: `${robot} is quarantined and gets no assignments: ${quarantined.detail}`,
      unblock: quarantined.hint,
      refusal: quarantined,
    }
  );
}

function trust({ robot, trustInitialised }: ExplainFacts): Finding | undefined {
  if (trustInitialised) return undefined;
  return {
    says: `${robot} can't be given anything because this control plane has no trusted root yet`,
    unblock: 'Run fairlead trust init once.',
  };
}

function silence({ robot, presence, lastSeen, now, orders }: ExplainFacts): Finding | undefined {
  const ago = lastSeen === undefined ? '' : ` ${sayDuration(now - lastSeen)} ago`;
  const look = 'Check its power, its network and that fairlead-agent runs.';
  switch (presence) {
    case 'online':
      return undefined;
    case 'never-seen':
      return { says: `${robot} has never checked in`, unblock: look };
    case 'offline': {
      const back = orders.find(({ kind, state }) => kind === 'rollback' && !isTerminal(state));
      if (!back) return { says: `${robot} is offline, last heard${ago}`, unblock: look };
      const unblock = `${look} It goes back by itself at its next check-in.`;
      return {
        ...about(back),
        says: `${robot} is offline, last heard${ago}, and has not gone back to ${say(back)} yet`,
        unblock,
      };
    }
    case 'late': {
      const open = orders.find(({ state }) => !isTerminal(state));
      // Late alone is a hint; late with an update outstanding holds that update up.
      return (
        open && {
          ...about(open),
          says: `${robot} is late, last heard${ago}, and has not finished ${say(open)}`,
          unblock: look,
        }
      );
    }
  }
}

/** The robot itself (its disk, its trust, its key) is what nothing gets past: it says so whenever it is not at work. */
function ailing({ robot, activity }: ExplainFacts): Finding | undefined {
  const refusal = activity?.state === 'idle' ? activity.refusal : undefined;
  return refusal && { says: `${robot} is unwell: ${refusal.detail}`, unblock: refusal.hint, refusal };
}

/** It could switch now, for all that the robot knows. What it does before that, it does whatever the rollout says. */
function held({ robot, activity, rollouts = [] }: ExplainFacts): Finding | undefined {
  const word = rollouts.find(({ is }) => is === 'held');
  const isBusy = activity !== undefined && activity.state !== 'idle' && activity.ready !== true;
  if (!word || isBusy) return undefined;
  return { ...wordOf(word), says: `${robot} may not switch yet in rollout ${word.rollout}: ${word.why.detail}` };
}

function awaitsTurn({ robot, activity, rollouts = [] }: ExplainFacts): Finding | undefined {
  const word = rollouts.find(({ is }) => is === 'turn');
  if (!word || (activity && activity.state !== 'idle')) return undefined;
  return { ...wordOf(word), says: `${robot} waits for its turn in rollout ${word.rollout}: ${word.why.detail}` };
}

function leftOut({ robot, rollouts = [] }: ExplainFacts): Finding | undefined {
  const word = rollouts.find(({ is }) => is === 'left-out');
  return word && { ...wordOf(word), says: `${robot} is left out of rollout ${word.rollout}: ${word.why.detail}` };
}

const wordOf = ({ component, why }: RolloutWord) => ({ component, refusal: why, unblock: why.hint });

const ENDED_BADLY: Partial<Record<DeploymentState, string>> = {
  degraded: 'is degraded since it installed',
  rejected: 'refused',
  failed: 'failed to install',
  'rolled-back': 'rolled back from',
  'timed-out': 'did not finish in time with',
  quarantined: 'may not try again',
};

function badEnd({ robot, orders, components }: ExplainFacts): Finding | undefined {
  const order = orders.find((each) => ENDED_BADLY[each.state] !== undefined && !differenceOf(each, components));
  if (!order) return undefined;
  // A first installation leaves nothing to run: there was no release before it.
  const isRemoved = order.state === 'rolled-back' && components !== undefined && !hasActive(components, order);
  const ended = isRemoved ? 'removed its first release' : ENDED_BADLY[order.state];
  return {
    ...about(order),
    says: `${robot} ${ended} ${say(order)}${because(order.refusal)}`,
    unblock: order.refusal?.hint ?? `Read fairlead history --robot ${robot}, then deploy a release that works.`,
  };
}

function waiting({ robot, activity, orders }: ExplainFacts): Finding | undefined {
  if (activity?.state !== 'waiting') return undefined;
  const order = orders.find(({ deployment }) => deployment === activity.deployment);
  const { refusal } = activity;
  return {
    ...(order && about(order)),
    ...(refusal && { refusal }),
    says: `${robot} waits${order ? ` with ${say(order)}` : ''}${because(refusal)}`,
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

function working({ robot, activity, orders }: ExplainFacts): Finding | undefined {
  if (!activity || activity.state === 'idle') return undefined;
  const order = orders.find(({ deployment }) => deployment === activity.deployment);
  const progress = activity.progress === undefined ? '' : ` (${Math.floor(activity.progress * 100)} %)`;
  const what = order ? say(order) : (activity.component ?? 'an update');
  return { ...(order && about(order)), says: `${robot} ${AT_WORK[activity.state]} ${what}${progress}` };
}

function offered({ robot, orders }: ExplainFacts): Finding | undefined {
  const order = orders.find(({ state }) => !isTerminal(state));
  if (!order) return undefined;
  const heard = order.state === 'pending' ? 'will be offered' : order.state === 'offered' ? 'was offered' : 'works on';
  const then =
    order.state === 'pending' ? ' at its next check-in' : order.state === 'offered' ? ' and has not begun' : '';
  return { ...about(order), says: `${robot} ${heard} ${say(order)}${then}` };
}

/** A difference that no other order repairs: a person has to decide. A robot at work reports what it is leaving. */
function unrepaired(facts: ExplainFacts): Finding | undefined {
  if (facts.activity && facts.activity.state !== 'idle') return undefined;
  const order = facts.orders.find(({ notRepaired }) => notRepaired !== undefined);
  return order && describeDifference(facts, order);
}

/** The order was fulfilled once, and the robot reports another digest now. */
function differs(facts: ExplainFacts): Finding | undefined {
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

function settled({ robot, orders, presence }: ExplainFacts): Finding | undefined {
  const runs = orders.filter(({ state }) => state === 'succeeded' || state === 'skipped').map(say);
  if (runs.length === 0) return undefined;
  const late = presence === 'late' ? ', though it is late to check in' : '';
  return { says: `${robot} is up to date with ${runs.join(', ')}${late}` };
}

function nothingAssigned({ robot, components = [] }: ExplainFacts): string {
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
const say = ({ component, version }: Order): string => `${component}@${version}`;
const about = ({ component, refusal }: Order) => ({ component, ...(refusal && { refusal }) });
const because = (refusal: Refusal | undefined): string => (refusal ? `: ${refusal.detail}` : '');

/** Details come from elsewhere and may hold several sentences or lines; here they are joined into one. */
const clause = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[.!?;:,\s]+$/, '')
    .replace(/[.!?]+\s+/g, '; ');

function sayDuration(ms: number): string {
  if (ms < 2 * MINUTE) return `${Math.max(0, Math.round(ms / 1000))} seconds`;
  if (ms < 2 * HOUR) return `${Math.round(ms / MINUTE)} minutes`;
  if (ms < 48 * HOUR) return `${Math.round(ms / HOUR)} hours`;
  return `${Math.round(ms / (24 * HOUR))} days`;
}
