/** The strategies as people ask for them, written out as stages. */
import { accept, type Result, refuse } from '../failure.ts';
import type { HowMany, RolloutSpec, Stage } from './rollout-spec.ts';

type Shape = Pick<RolloutSpec, 'strategy' | 'stages'>;

/** `--staged`: a tenth, half an hour's look at half of them, all. */
export const staged = (): Shape => ({
  strategy: 'canary',
  stages: [
    { name: 'canary', upTo: { percent: 10 }, soakSec: 300 },
    { name: 'half', upTo: { percent: 50 }, soakSec: 600 },
    { name: 'all', upTo: { percent: 100 } },
  ],
});

export const allAtOnce = (): Shape => ({ strategy: 'canary', stages: [{ name: 'all', upTo: { percent: 100 } }] });

/**
 * Every robot goes back at once, and the gate stops nothing: a robot that fails or is silent must not keep the others
 * on a release that they are to leave.
 */
export const allBackAtOnce = (): Shape => ({
  strategy: 'canary',
  stages: [{ name: 'all', upTo: { percent: 100 }, gate: { minSuccesses: 0, maxFailures: '100%' } }],
});

export function rolling(size: HowMany, delaySec = 0, maxUnavailable?: HowMany): Shape {
  const limit = maxUnavailable === undefined ? {} : { maxUnavailable };
  return {
    strategy: 'rolling',
    stages: [{ name: 'all', upTo: { percent: 100 }, batch: { size, delaySec }, ...limit }],
  };
}

export const blueGreen = (): Shape => ({ strategy: 'blue-green', stages: [{ name: 'all', upTo: { percent: 100 } }] });

export interface SpecMistake {
  /** JSON pointer into the specification. */
  readonly at: string;
  readonly message: string;
}

/** What the schema alone can't see. */
export function checkShape(spec: RolloutSpec): Result<void, SpecMistake> {
  const { stages } = spec;
  const no = (at: string, message: string) => refuse<SpecMistake>({ at, message });
  const last = stages.at(-1);
  if (!last || !('percent' in last.upTo) || last.upTo.percent !== 100) {
    return no(`/stages/${stages.length - 1}/upTo`, 'the last stage reaches 100 percent; narrow the target instead');
  }
  let percent = 0;
  let count = 0;
  for (const [index, stage] of stages.entries()) {
    const { upTo } = stage;
    if ('percent' in upTo) {
      if (upTo.percent <= percent)
        return no(`/stages/${index}/upTo/percent`, 'a stage reaches further than the one before');
      percent = upTo.percent;
    }
    if ('count' in upTo) {
      if (upTo.count <= count) return no(`/stages/${index}/upTo/count`, 'a stage reaches further than the one before');
      count = upTo.count;
    }
    const mistake = checkGate(stage);
    if (mistake) return no(`/stages/${index}/${mistake.at}`, mistake.message);
  }
  if (spec.strategy === 'blue-green' && stages.length > 1)
    return no('/stages', 'blue-green has one stage: all of them');
  if (spec.switchAt !== undefined && spec.strategy !== 'blue-green')
    return no('/switchAt', 'only blue-green switches at a time');
  if (spec.kind === 'deploy' && spec.version === undefined) return no('/version', 'is required');
  return accept(undefined);
}

function checkGate({ gate, batch, maxUnavailable }: Stage): SpecMistake | undefined {
  if (gate?.confidence !== undefined && typeof gate.maxFailures !== 'string') {
    return { at: 'gate/confidence', message: 'needs maxFailures as a share, such as "5%"' };
  }
  for (const [index, { max, min }] of (gate?.conditions ?? []).entries()) {
    if (max === undefined && min === undefined) return { at: `gate/conditions/${index}`, message: 'needs max or min' };
  }
  if (isZero(batch?.size)) return { at: 'batch/size', message: 'at least one robot at a time' };
  if (isZero(maxUnavailable)) return { at: 'maxUnavailable', message: 'at least one robot, or nothing ever switches' };
  return undefined;
}

const isZero = (many: HowMany | undefined): boolean => many === 0 || many === '0%';
