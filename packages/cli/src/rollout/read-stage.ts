/** `--stage 10%:300s`, `--stage 3`, `--stage zone=test:10m,manual`: one stage as a person types it. */
import type { Gate, HowMany, MetricCondition, Stage } from '@fairlead/shared/rollout/rollout-spec';
import { InvalidArgumentError } from 'commander';
import { readDuration, sayDuration } from './durations.ts';

const EXAMPLES = 'A stage is 10%:300s, 3:10m, or a selector such as zone=test:10m; ",manual" at its end asks a person.';

/** commander hands over what came before: the option may be repeated. */
export const stageArgument = (text: string, before: readonly Stage[] = []): Stage[] => [...before, readStage(text)];

export function readStage(text: string): Stage {
  const isManual = text.endsWith(',manual');
  const words = isManual ? text.slice(0, -',manual'.length) : text;
  const colon = words.lastIndexOf(':');
  const soakSec = colon === -1 ? undefined : readDuration(words.slice(colon + 1));
  if (colon !== -1 && soakSec === undefined) throw new InvalidArgumentError(EXAMPLES);
  const reach = (colon === -1 ? words : words.slice(0, colon)).trim();
  if (reach === '') throw new InvalidArgumentError(EXAMPLES);
  return {
    upTo: readReach(reach),
    ...(soakSec !== undefined && { soakSec }),
    ...(isManual && { gate: { manual: true } }),
  };
}

function readReach(text: string): Stage['upTo'] {
  const percent = /^([0-9]+(?:\.[0-9]+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) return { percent: Number(percent) };
  return /^[0-9]+$/.test(text) ? { count: Number(text) } : { selector: text };
}

export function sayStage({ upTo, soakSec, gate }: Stage): string {
  const reach = 'percent' in upTo ? `${upTo.percent}%` : 'count' in upTo ? `${upTo.count}` : upTo.selector;
  const soak = soakSec === undefined || soakSec === 0 ? '' : `:${sayDuration(soakSec)}`;
  return `${reach}${soak}${gate?.manual ? ',manual' : ''}`;
}

/** `5` or `10%`. */
export function howManyArgument(text: string): HowMany {
  if (/^(100|[1-9]?[0-9])%$/.test(text)) return text;
  if (/^[0-9]{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('How many: a number such as 5, or a share such as 10%.');
}

const CONDITION = /^([a-zA-Z_][a-zA-Z0-9_.-]{0,99})\s*(<=|>=)\s*(-?[0-9]+(?:\.[0-9]+)?)$/;

/** `inference_latency_p95_ms<=20`, repeatable. */
export function conditionArgument(text: string, before: readonly MetricCondition[] = []): MetricCondition[] {
  const [, metric, sign, bound] = CONDITION.exec(text.trim()) ?? [];
  if (metric === undefined) {
    throw new InvalidArgumentError("A condition is METRIC<=NUMBER or METRIC>=NUMBER: 'inference_latency_p95_ms<=20'.");
  }
  return [...before, { metric, ...(sign === '<=' ? { max: Number(bound) } : { min: Number(bound) }) }];
}

/** The same wishes for every stage; what a stage says itself stays. */
export const withGate = (stages: readonly Stage[], gate: Gate, timeoutSec: number | undefined): Stage[] =>
  stages.map((stage) => {
    const own = { ...gate, ...stage.gate };
    return {
      ...stage,
      ...(Object.keys(own).length > 0 && { gate: own }),
      ...(timeoutSec !== undefined && { timeoutSec }),
    };
  });
