/**
 * `fairlead explain ROBOT`: facts in, one sentence and the next move out. The questions are asked in the order
 * in which one answer makes the later ones pointless: a robot that is not accepted is never offered anything,
 * a silent one can't be asked how its update goes.
 */
import { HOUR, MINUTE } from '../time.ts';
import type { ExplainFacts, Finding, RolloutWord, Rule } from './explain-facts.ts';
import {
  about,
  badEnd,
  differs,
  formatRelease,
  nothingAssigned,
  offered,
  settled,
  unrepaired,
  waiting,
  working,
} from './explain-orders.ts';
import type { Explanation } from './explanation.ts';
import { isTerminal } from './states.ts';

const RULES: readonly Rule[] = [
  membership,
  quarantine,
  trust,
  silence,
  ailing,
  held,
  unrepaired,
  awaitsTurn,
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
        says: `${robot} is offline, last heard${ago}, and has not gone back to ${formatRelease(back)} yet`,
        unblock,
      };
    }
    case 'late': {
      const open = orders.find(({ state }) => !isTerminal(state));
      // Late alone is a hint; late with an update outstanding holds that update up.
      return (
        open && {
          ...about(open),
          says: `${robot} is late, last heard${ago}, and has not finished ${formatRelease(open)}`,
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
