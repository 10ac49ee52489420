/** Refuses combinations of options of which one would be dropped in silence: nobody hears of a gate that is not there. */
import { CliError, EXIT } from '../cli-error.ts';
import type { RolloutOptions } from './strategy-options.ts';

type Wish = keyof RolloutOptions;
type Wishes = RolloutOptions & { readonly now?: true };

/** @throws CliError (usage) naming the option that would be lost, and what it needs or contradicts. */
export function checkWishes(wishes: Wishes): void {
  const has = (wish: keyof Wishes): boolean => wishes[wish] !== undefined;
  const strategy = wishes.strategy ?? (has('batch') ? 'rolling' : undefined);
  const needs = (wish: Wish, isMet: boolean, what: string): void => {
    if (has(wish) && !isMet) throw mistake(`${option(wish)} needs ${what}.`);
  };
  const excludes = (isSo: boolean, what: string, others: readonly Wish[]): void => {
    for (const wish of others) if (isSo && has(wish)) throw mistake(`${option(wish)} does not go with ${what}.`);
  };
  needs('force', has('emergency'), '--emergency');
  needs('skip', has('emergency'), '--emergency');
  needs('batch', strategy === 'rolling', '--strategy rolling');
  needs('delay', has('batch'), '--batch');
  needs('switchAt', strategy === 'blue-green', '--strategy blue-green');
  needs('zone', has('at') || has('switchAt'), '--at or --switch-at');
  needs('stage', strategy === undefined || strategy === 'canary', 'no other strategy than canary');
  needs(
    'staged',
    (strategy === undefined || strategy === 'canary') && !has('stage'),
    'no --stage, --batch or --strategy',
  );
  excludes(strategy === 'blue-green', '--strategy blue-green', ['maxUnavailable']);
  excludes(has('now'), '--now', ['staged', 'strategy', 'stage', 'batch', 'maxUnavailable', ...GATES]);
}

const GATES = ['minSuccesses', 'maxFailures', 'confidence', 'condition', 'timeout'] as const satisfies Wish[];

const option = (wish: Wish): string => `--${wish.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const mistake = (message: string): CliError =>
  new CliError(message, { hint: 'fairlead help deploy says what goes together.', exitCode: EXIT.usage });
