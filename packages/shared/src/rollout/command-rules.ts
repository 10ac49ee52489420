/**
 * Whether a rollout, as it stands, accepts a command. The control plane decides by these rules, and a command line applies
 * them to what it shows before it asks a person for a confirmation. Who may give the command is not part of them.
 */
import type { RolloutId } from '../ids.ts';
import { isStagedEverywhere } from './rollout-facts.ts';
import type { RolloutSpec } from './rollout-spec.ts';
import { hasEnded, hasPassedAllStages, RETRY_STATES, type RolloutState, type StageState } from './states.ts';
import { outcomesOf, type StageTally } from './tally.ts';

export const ROLLOUT_VERBS = [
  'approve',
  'deny',
  'pause',
  'resume',
  'promote',
  'abort',
  'switch',
  'switch-back',
  'finalise',
  'retry',
] as const;
export type RolloutVerb = (typeof ROLLOUT_VERBS)[number];

/** A rollout as the control plane stores it, or as it shows it: of times only their presence counts. */
export interface CommandedRollout {
  readonly rollout: RolloutId;
  readonly state: RolloutState;
  readonly spec: Pick<RolloutSpec, 'kind' | 'strategy' | 'component'>;
  readonly stage: number;
  readonly stages: readonly { readonly state: StageState }[];
  readonly switchingSince?: unknown;
  readonly finalisedAt?: unknown;
  readonly followedBy?: RolloutId | undefined;
}
export interface CommandContext {
  /** Of the present stage. */
  readonly tally: StageTally;
  /** Robots of the present stage without a deployment. */
  readonly unplaced: number;
  /** With abort: bring the robots back as well. */
  readonly revert?: boolean;
  /** It is being undone already: a second request to undo joins the first. */
  readonly isUndone?: boolean;
}
export interface CommandRefusal {
  readonly detail: string;
  readonly hint?: string;
}

type Rule = (of: CommandedRollout, context: CommandContext) => CommandRefusal | undefined;

/** Undefined where the command fits the state. */
export const refuseCommand = (verb: RolloutVerb, of: CommandedRollout, context: CommandContext) =>
  RULES[verb](of, context);

const RULES: Readonly<Record<RolloutVerb, Rule>> = {
  approve: (of) => refuseOutside(of, ['awaiting-approval'], 'approved'),
  deny: (of) => refuseOutside(of, ['awaiting-approval'], 'denied'),
  pause: (of) => refuseOutside(of, ['scheduled', 'running'], 'paused'),
  resume: (of) => refuseOutside(of, ['paused', 'halted'], 'resumed') ?? refuseUndone(of),
  promote: (of) =>
    refuseOutside(of, ['running', 'paused', 'halted'], 'promoted') ?? refuseUndone(of) ?? refuseWithoutStage(of),
  abort: (of, { revert = false, isUndone = false }) => {
    if (revert && of.spec.kind === 'rollback' && !isUndone) return rollbackIsNotReverted(of);
    const isJoined = revert && (of.state === 'aborted' || isUndone);
    return hasEnded(of.state) && !isJoined ? hasEndedAlready(of) : undefined;
  },
  switch: (of, context) =>
    refuseUnlessBlueGreen(of) ??
    refuseOutside(of, ['running'], 'switched') ??
    (of.switchingSince === undefined ? refuseUnlessStaged(of, context) : undefined),
  'switch-back': (of, { isUndone = false }) => refuseUnlessBlueGreen(of) ?? refuseSwitchBack(of, isUndone),
  finalise: (of) =>
    refuseUnlessBlueGreen(of) ?? refuseOutside(of, ['completed'], 'finalised') ?? refuseSwitchedBack(of),
  retry: (of) => refuseOutside(of, RETRY_STATES, 'retried') ?? refuseUndone(of),
};

function refuseOutside(
  { state, rollout }: CommandedRollout,
  states: readonly RolloutState[],
  past: string,
): CommandRefusal | undefined {
  if (states.includes(state)) return undefined;
  return {
    detail: `It is ${state} and can't be ${past}.`,
    hint: `See how it came to that: fairlead rollout history ${rollout}`,
  };
}

/** It would send robots to the release that others are brought back from. */
function refuseUndone({ state, followedBy }: CommandedRollout): CommandRefusal | undefined {
  if (followedBy === undefined || (state !== 'halted' && !hasPassedAllStages(state))) return undefined;
  return { detail: `${followedBy} undoes this rollout.`, hint: 'Roll out anew instead.' };
}

function refuseWithoutStage({ stage, stages }: CommandedRollout): CommandRefusal | undefined {
  const present = stages[stage];
  if (!present) return { detail: 'All its stages have passed already.' };
  return present.state === 'pending' ? { detail: 'Its stage has not begun yet.' } : undefined;
}

const refuseUnlessBlueGreen = ({ spec: { strategy } }: CommandedRollout): CommandRefusal | undefined =>
  strategy === 'blue-green'
    ? undefined
    : { detail: `This is a ${strategy} rollout; only blue-green ones switch together.` };

function refuseUnlessStaged({ rollout }: CommandedRollout, context: CommandContext): CommandRefusal | undefined {
  if (isStagedEverywhere(context)) return undefined;
  const { tally, unplaced } = context;
  return {
    detail: `${tally.ready} robots are ready, ${outcomesOf(tally).open - tally.ready + unplaced} are not.`,
    hint: `They switch together, when all are: fairlead rollout watch ${rollout}`,
  };
}

function refuseSwitchBack(of: CommandedRollout, isUndone: boolean): CommandRefusal | undefined {
  if (of.switchingSince === undefined) return { detail: 'Nothing has switched yet.', hint: 'Abort it instead.' };
  if (of.finalisedAt !== undefined) {
    return {
      detail: 'It is finalised: the previous release is not kept ready any more.',
      hint: 'fairlead rollback --to VERSION brings it back.',
    };
  }
  return of.spec.kind === 'rollback' && !isUndone ? rollbackIsNotReverted(of) : undefined;
}

const refuseSwitchedBack = ({ followedBy }: CommandedRollout): CommandRefusal | undefined =>
  followedBy === undefined
    ? undefined
    : {
        detail: `It was switched back by ${followedBy}: there is nothing to finalise.`,
        hint: `See fairlead rollout show ${followedBy}`,
      };

const hasEndedAlready = ({ state, rollout, spec }: CommandedRollout): CommandRefusal => ({
  detail: `It is ${state} already.`,
  hint:
    spec.kind === 'rollback'
      ? bringForward(spec)
      : state === 'aborted'
        ? `To bring its robots back: fairlead rollout abort ${rollout} --revert`
        : `Undo it instead: fairlead rollback, or see fairlead rollout show ${rollout}`,
});

/** A rollback is not undone by another one, which would go further back. */
const bringForward = ({ component }: CommandedRollout['spec']): string =>
  `To bring robots forward again, name the release: fairlead deploy --release ${component}@VERSION.`;

/** Its robots would return to releases that they were rolled back from, or go further back than anybody asked for. */
export const rollbackIsNotReverted = ({
  rollout,
  state,
  spec,
}: Pick<CommandedRollout, 'rollout' | 'state' | 'spec'>) => ({
  detail: `${rollout} is a rollback, and a rollback is not reverted. Nothing was done.`,
  hint: `${hasEnded(state) ? '' : `To stop it: fairlead rollout abort ${rollout}. `}${bringForward(spec)}`,
});
