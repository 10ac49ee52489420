/** The options by which an order becomes a rollout: a strategy by its name, or stages written out. */
import type { InputOf } from '@fairlead/shared/api/client';
import type { rolloutApi } from '@fairlead/shared/api/rollout-api';
import { EnvironmentName, Version } from '@fairlead/shared/ids';
import {
  type FailurePolicy,
  type Gate,
  type HowMany,
  type MetricCondition,
  SHORTEST_EMERGENCY_REASON,
  type Stage,
} from '@fairlead/shared/rollout/rollout-spec';
import { staged } from '@fairlead/shared/rollout/strategy';
import { toTimestamp } from '@fairlead/shared/time';
import { readMoment } from '@fairlead/shared/update/moment';
import { closestZone, isTimeZone } from '@fairlead/shared/update/time-zone';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Type } from 'typebox';
import { argument } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { durationArgument } from './durations.ts';
import { conditionArgument, howManyArgument, stageArgument, withGate } from './read-stage.ts';

type Create = InputOf<(typeof rolloutApi)['createRollout']>['body'];
export type Shape = NonNullable<Create['shape']>;
const SKIPS = ['approval', 'limits', 'window', 'lease', 'precondition', 'safe-state'] as const;
type Skip = (typeof SKIPS)[number];

export interface StrategyOptions {
  readonly staged?: true;
  readonly strategy?: 'all-at-once' | 'canary' | 'rolling' | 'blue-green';
  readonly stage?: Stage[];
  readonly batch?: HowMany;
  readonly delay?: number;
  readonly maxUnavailable?: HowMany;
  readonly maxFailures?: HowMany;
  readonly minSuccesses?: HowMany;
  readonly confidence?: number;
  readonly timeout?: number;
  readonly condition?: MetricCondition[];
  readonly switchAt?: string;
  readonly zone?: string;
}
export interface RolloutOptions extends StrategyOptions {
  readonly env?: EnvironmentName;
  readonly at?: string;
  readonly onFailure?: FailurePolicy;
  readonly newRobots?: 'include' | 'leave-out';
  readonly priority?: number;
  readonly emergency?: true;
  readonly force?: true;
  readonly skip?: Skip[];
  readonly reason?: string;
}

export const withStrategy = (command: Command): Command =>
  command
    .option('--staged', 'in stages: a tenth, half, all')
    .addOption(
      new Option('--strategy <name>', 'how it goes through the target').choices([
        'all-at-once',
        'canary',
        'rolling',
        'blue-green',
      ]),
    )
    .option('--stage <stage>', 'a stage: 10%:300s, 3:10m, zone=test:1h,manual; may be repeated', stageArgument)
    .option('--batch <n>', 'rolling: so many at a time, 5 or 10%', howManyArgument)
    .option('--delay <time>', 'rolling: rest between batches, 60s', durationArgument)
    .option('--max-unavailable <n>', 'so many of a stage in update at once', howManyArgument)
    .option(
      '--max-failures <n>',
      'fail the stage after more than this many failures; a share rounds down (default: 0)',
      howManyArgument,
    )
    .option('--min-successes <n>', 'so many must have it; default 90%', howManyArgument)
    .option('--confidence <share>', 'judge failures by Wilson bounds: 0.95', confidenceArgument)
    .option(
      '--timeout <time>',
      'a robot that has not ended by then is passed over; default 30m and its probation',
      durationArgument,
    )
    .option('--condition <condition>', "'METRIC<=NUMBER' that updated robots keep; may be repeated", conditionArgument)
    .option('--env <environment>', 'where the target has robots of several', argument(EnvironmentName));

export const withSchedule = (command: Command): Command =>
  command
    .option('--at <time>', 'when it starts: 22:00, "tomorrow 02:00", "2026-11-24 02:00" or RFC 3339')
    .option('--switch-at <time>', 'blue-green: when all switch together')
    .option('--zone <zone>', 'IANA zone of those times; default that of this machine')
    .option('--on-failure <policy>', 'pause, halt, revert, or the version to go back to', policyArgument)
    .addOption(new Option('--new-robots <what>', 'robots that come to match later').choices(['include', 'leave-out']))
    .option('--priority <n>', 'who goes first, 0 to 100; default 50', argument(PRIORITY))
    .option('--emergency', 'break the glass; needs --force and --reason, and everybody hears of it')
    .option('--force', 'with --emergency: yes, I mean it')
    .option(
      '--skip <list>',
      `with --emergency: a list of ${SKIPS.join(', ')}; default: approval,window,limits`,
      skipArgument,
    );

const PRIORITY = Type.Integer({ minimum: 0, maximum: 100, description: '0 to 100.' });
const confidenceArgument = argument(Type.Number({ minimum: 0.5, maximum: 0.999, description: '0.5 to 0.999.' }));

function policyArgument(text: string): FailurePolicy {
  if (text === 'pause' || text === 'halt' || text === 'revert') return text;
  return { toVersion: argument(Version)(text) };
}

function skipArgument(text: string): Skip[] {
  const known = text.split(',').map((word) => SKIPS.find((skip) => skip === word.trim()));
  const skips = known.filter((skip) => skip !== undefined);
  if (skips.length === known.length) return skips;
  throw new InvalidArgumentError(`It can skip ${SKIPS.join(', ')}; never signatures, tests or the parachute.`);
}

/** Each of these means something only for a rollout: a direct order must not drop it in silence. */
const MEANS_ROLLOUT = [
  'staged',
  'strategy',
  'stage',
  'batch',
  'delay',
  'maxUnavailable',
  'maxFailures',
  'minSuccesses',
  'confidence',
  'timeout',
  'condition',
  'env',
  'at',
  'switchAt',
  'onFailure',
  'newRobots',
  'priority',
  'emergency',
] as const satisfies readonly (keyof RolloutOptions)[];
export const isRollout = (options: RolloutOptions): boolean =>
  MEANS_ROLLOUT.some((name) => options[name] !== undefined);

/** Undefined where nothing was said: then the API's default, staged, counts. @throws CliError (usage) */
export function shapeOf(options: StrategyOptions & Pick<RolloutOptions, 'emergency'>, now: number): Shape | undefined {
  // Whoever breaks the glass does not soak; with --staged they do.
  const urgent = options.emergency && !options.staged && !options.stage ? 'all-at-once' : undefined;
  const strategy = options.strategy ?? (options.batch !== undefined ? 'rolling' : urgent);
  const gate = gateOf(options);
  const limit = options.maxUnavailable === undefined ? {} : { maxUnavailable: options.maxUnavailable };
  const finish = (stages: readonly Stage[]): Stage[] =>
    withGate(stages, gate, options.timeout).map((stage) => ({ ...limit, ...stage }));
  const all: Stage = { name: 'all', upTo: { percent: 100 } };
  switch (strategy) {
    case 'rolling': {
      const batch = { size: options.batch ?? 1, ...(options.delay !== undefined && { delaySec: options.delay }) };
      return { strategy: 'rolling', stages: finish([{ ...all, batch }]) };
    }
    case 'blue-green': {
      const isGated = Object.keys(gate).length > 0 || options.timeout !== undefined;
      return {
        strategy: 'blue-green',
        ...(isGated && { stages: finish([all]) }),
        ...(options.switchAt !== undefined && { switchAt: moment('--switch-at', options.switchAt, options.zone, now) }),
      };
    }
    case 'all-at-once':
      return { strategy: 'canary', stages: finish([all]) };
    case 'canary':
    case undefined: {
      const { stage, staged: isStaged } = options;
      const wishes =
        Object.keys(gate).length > 0 || options.timeout !== undefined || options.maxUnavailable !== undefined;
      if (!stage && !wishes) return isStaged || strategy ? { strategy: 'staged' } : undefined;
      return { strategy: 'canary', stages: finish(stage ? upToAll(stage) : staged().stages) };
    }
  }
}

/** Nobody means to leave the rest out: the last stage is everybody. */
function upToAll(stages: readonly Stage[]): Stage[] {
  const last = stages.at(-1);
  const isAll = last !== undefined && 'percent' in last.upTo && last.upTo.percent === 100;
  return isAll ? [...stages] : [...stages, { name: 'all', upTo: { percent: 100 } }];
}

function gateOf({ maxFailures, minSuccesses, confidence, condition }: StrategyOptions): Gate {
  return {
    ...(maxFailures !== undefined && { maxFailures }),
    ...(minSuccesses !== undefined && { minSuccesses }),
    ...(confidence !== undefined && { confidence }),
    ...(condition && { conditions: condition }),
  };
}

/** @throws CliError (usage) */
export function moment(option: string, text: string, zone: string | undefined, now: number): string {
  const where = zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isTimeZone(where)) {
    const meant = closestZone(where);
    throw new CliError(`There is no time zone ${where}.`, {
      hint: meant === undefined ? 'IANA zones: Europe/Berlin.' : `Did you mean ${meant}?`,
      exitCode: EXIT.usage,
    });
  }
  const read = readMoment(text, where, now);
  if (read.ok) return toTimestamp(read.value);
  throw new CliError(`${option}: ${read.refused}.`, {
    hint: `Times are read in ${where}; --zone names another.`,
    exitCode: EXIT.usage,
  });
}

/** @throws CliError (usage) where the glass is broken without a reason, or without meaning it. */
export function emergencyOf({ emergency, force, reason, skip }: RolloutOptions): Create['emergency'] {
  if (!emergency) return undefined;
  if (force && reason !== undefined && reason.trim().length >= SHORTEST_EMERGENCY_REASON)
    return { reason, skips: skip ?? ['approval', 'window', 'limits'] };
  throw new CliError(
    `An emergency needs --force, and a --reason of at least ${SHORTEST_EMERGENCY_REASON} characters that everybody will read.`,
    {
      hint: 'fairlead deploy … --emergency --force --reason "arms swing wildly"',
      exitCode: EXIT.usage,
    },
  );
}
