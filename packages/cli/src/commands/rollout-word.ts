/**
 * Commands to a rollout: one verb each, all of them kept in its history. A command shows what it is for and is sent with
 * the revision that it showed, so that it never acts on a rollout that has changed since.
 */
import { type RolloutVerb, refuseCommand } from '@fairlead/shared/rollout/command-rules';
import { NO_TALLY } from '@fairlead/shared/rollout/tally';
import type { Command } from 'commander';
import { CliError, EXIT } from '../cli-error.ts';
import type { CliContext } from '../context.ts';
import { acceptFailures } from '../rollout/accept-failures.ts';
import { findRollout, type RolloutWord, rolloutArgument } from '../rollout/find-rollout.ts';
import type { RolloutView } from '../rollout/stage-counts.ts';
import { sayWhat, showSubject, tellBlocked } from '../rollout/tell-rollout.ts';
import { rolloutTone } from '../tones.ts';

interface WordOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly revert?: boolean;
}
interface Word {
  readonly verb: RolloutVerb;
  readonly route: keyof typeof ROUTES;
  readonly summary: string;
  /** What robots will feel: asked before, unless --yes. Undefined where there is nothing to ask. */
  readonly asks?: (view: RolloutView, context: CliContext) => string | undefined | Promise<string | undefined>;
  /** Asked only with this option. */
  readonly asksWith?: 'revert';
}

const ROUTES = {
  approveRollout: true,
  denyRollout: true,
  pauseRollout: true,
  resumeRollout: true,
  promoteRollout: true,
  abortRollout: true,
  switchRollout: true,
  switchBackRollout: true,
  finaliseRollout: true,
  retryRollout: true,
} as const;

const WORDS: readonly Word[] = [
  { verb: 'approve', route: 'approveRollout', summary: 'agree that it starts; never who made it' },
  { verb: 'deny', route: 'denyRollout', summary: 'refuse it for good' },
  { verb: 'pause', route: 'pauseRollout', summary: 'nothing new begins; robots in the middle of a switch finish' },
  {
    verb: 'resume',
    route: 'resumeRollout',
    summary: 'go on, accepting the failures so far',
    asks: acceptFailures('Resume'),
  },
  {
    verb: 'promote',
    route: 'promoteRollout',
    summary: 'let the present stage pass now',
    asks: acceptFailures('Promote'),
  },
  {
    verb: 'abort',
    route: 'abortRollout',
    summary: 'end it: what has not switched is withdrawn',
    asks: (view) => `End ${view.rollout} and send back every robot that has ${sayWhat(view)}?`,
    asksWith: 'revert',
  },
  {
    verb: 'switch',
    route: 'switchRollout',
    summary: 'blue-green: all ready robots switch now',
    asks: (view) => `All ${view.members} robots of ${view.rollout} switch to ${sayWhat(view)} now?`,
  },
  {
    verb: 'switch-back',
    route: 'switchBackRollout',
    summary: 'blue-green: all robots go back to the release that is kept ready',
    asks: (view) => `All robots of ${view.rollout} go back from ${sayWhat(view)} now?`,
  },
  { verb: 'finalise', route: 'finaliseRollout', summary: 'blue-green: the previous release is not needed any more' },
  {
    verb: 'retry',
    route: 'retryRollout',
    summary: 'order it once more of the robots on which it failed, timed out or was cancelled',
  },
];

export function addRolloutWords(rollouts: Command, context: CliContext): void {
  for (const word of WORDS) {
    const command = rollouts
      .command(word.verb)
      .description(word.summary)
      .argument('<rollout>', 'its id, or latest', rolloutArgument)
      .option('--reason <text>', 'kept in the history');
    if (word.verb === 'abort') command.option('--revert', 'and send back the robots that have it');
    if (word.asks) command.option('--yes', 'do not ask');
    command.action((which: RolloutWord, options: WordOptions) => say(context, word, which, options));
  }
}

async function say(context: CliContext, word: Word, which: RolloutWord, options: WordOptions): Promise<void> {
  const { operator } = context.client();
  const params = { rollout: await findRollout(context, which) };
  const isFelt = word.asksWith === undefined || options[word.asksWith] === true;
  const seen = await operator.showRollout({ params });
  showSubject(context, seen);
  if (isFelt && word.asks) needAccepted(word.verb, seen, options);
  const question = isFelt && options.yes !== true ? await word.asks?.(seen, context) : undefined;
  if (question !== undefined) {
    if (!(await context.askYesNo(question))) {
      throw new CliError('Nothing was done.', { hint: `fairlead rollout show ${params.rollout}` });
    }
  }
  const { reason, revert } = options;
  const body = { ...(reason !== undefined && { reason }), ...(revert !== undefined && { revert }) };
  const view = await operator[word.route](
    { params, body },
    seen.revision === undefined ? {} : { ifMatch: seen.revision },
  );
  const { out } = context;
  out.done(view, () => {
    out.line(`${view.rollout}: ${sayWhat(view)} is ${view.state}`, rolloutTone(view.state));
    if (view.followedBy !== undefined) {
      const joined = view.joined
        ? `It is being undone already, by ${view.followedBy}`
        : `It is undone by ${view.followedBy}`;
      out.line(`${joined}: fairlead rollout watch ${view.followedBy}`);
    }
    tellBlocked(out, view, Date.now());
  });
}

/** A person confirms nothing that the control plane would refuse: what was shown decides by the same rules. */
function needAccepted(verb: RolloutVerb, view: RolloutView, { revert = false }: WordOptions): void {
  const { states = {}, unplaced = 0, ...counts } = view.stages[view.stage]?.counts ?? {};
  const refused = refuseCommand(verb, view, {
    tally: { ...NO_TALLY, ...counts, states },
    unplaced,
    revert,
    isUndone: view.followedBy !== undefined && view.state !== 'superseded',
  });
  if (!refused) return;
  throw new CliError(refused.detail, {
    where: view.rollout,
    ...(refused.hint !== undefined && { hint: refused.hint }),
    exitCode: EXIT.refused,
  });
}
