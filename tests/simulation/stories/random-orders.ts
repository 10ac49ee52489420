/** What operators order, drawn from chance: which robots, in which stages, and what happens when it fails. */
import type { CreateRollout } from '@fairlead/shared/api/rollout-api';
import type { Target } from '@fairlead/shared/fleet/target';
import { MINUTE } from '@fairlead/shared/time';
import type { Static } from 'typebox';
import { BOARDS, SITES } from '../robot/traits.ts';
import type { Chance } from '../world/chance.ts';
import type { Swarm } from '../world/swarm.ts';
import { GOOD, type Temper } from '../world/world.ts';

type Shape = NonNullable<Static<typeof CreateRollout>['shape']>;

/** Limit of the metric condition, and what a slow release reports. */
const LATENCY_LIMIT_MS = 20;
const SLOW_MS = 35;

export function drawTemper(chance: Chance, swarm: Swarm): Temper {
  const rejected = chance.happens(0.25) ? [chance.oneOf(BOARDS)] : [];
  const dies = chance.happens(0.35) ? chance.between(0.02, 0.5) : 0;
  const degrades = chance.happens(0.4) ? chance.between(0.05, 0.7) : 0;
  const silences = chance.happens(0.15) ? chance.between(0.02, 0.2) : 0;
  const isSlow = chance.happens(0.25);
  return {
    rejectedBy: swarm.has('rejected-releases') ? rejected : [],
    diesInProbation: swarm.has('dying-releases') ? dies : 0,
    degrades: swarm.has('degrading-releases') ? degrades : 0,
    silences: swarm.has('degrading-releases') ? silences : 0,
    latencyMs: swarm.has('conditions') && isSlow ? SLOW_MS : GOOD.latencyMs,
  };
}

export function describeTemper({ rejectedBy, diesInProbation, degrades, silences, latencyMs }: Temper): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const faults = [
    rejectedBy.length > 0 && `fails its smoke test on ${rejectedBy.join()}`,
    diesInProbation > 0 && `fails ${percent(diesInProbation)} of its probations`,
    degrades > 0 && `degrades on ${percent(degrades)} after the commit`,
    silences > 0 && `takes the network of ${percent(silences)} down`,
    latencyMs > LATENCY_LIMIT_MS && 'is slow',
  ].filter((fault) => fault !== false);
  return faults.length === 0 ? '' : ` (${faults.join(', ')})`;
}

export function drawTarget(chance: Chance): Target {
  if (chance.happens(0.4)) return { all: true };
  if (chance.happens(0.5)) return { group: chance.oneOf(['dock', 'warehouse']) };
  return { selector: `site=${chance.oneOf(SITES)}` };
}

export function describeTarget(target: Target): string {
  if ('robot' in target) return target.robot;
  if ('group' in target) return target.group;
  if ('selector' in target) return target.selector;
  return 'updatedBy' in target ? 'the robots that have it' : 'all';
}

/** In every shape a robot that does not answer is passed over after half an hour to an hour. */
export function drawShape(chance: Chance, swarm: Swarm): Shape {
  const withConditions = swarm.has('conditions') && chance.happens(0.5);
  const conditions = withConditions ? [{ metric: 'inference_latency_p95_ms', max: LATENCY_LIMIT_MS, share: 0.8 }] : [];
  const common = {
    timeoutSec: chance.oneOf([1800, 3600]),
    gate: {
      maxFailures: chance.oneOf(['2%', '5%', '20%', '50%'] as const),
      minSuccesses: '60%',
      ...(conditions.length > 0 && { conditions }),
    },
  };
  const soak = { soakSec: Math.round(chance.whole(15 * MINUTE) / 1000) };
  switch (chance.whole(5)) {
    case 0:
    case 1:
      return {
        strategy: 'custom',
        stages: [
          { name: 'canary', upTo: { percent: 10 }, ...soak, ...common },
          { name: 'half', upTo: { percent: 50 }, ...soak, ...common, maxUnavailable: '40%' },
          { name: 'all', upTo: { percent: 100 }, ...common },
        ],
      };
    case 2:
      return {
        strategy: 'rolling',
        stages: [
          {
            upTo: { percent: 100 },
            ...common,
            batch: { size: chance.oneOf(['10%', '30%']), delaySec: chance.whole(120) },
            maxUnavailable: chance.oneOf(['5%', '20%']),
          },
        ],
      };
    case 3:
      return { strategy: 'blue-green', stages: [{ upTo: { percent: 100 }, ...common }] };
    default:
      return {
        strategy: 'custom',
        stages: [
          { name: 'one site', upTo: { selector: `site=${chance.oneOf(SITES)}` }, ...common, ...soak },
          { name: 'all', upTo: { percent: 100 }, ...common },
        ],
      };
  }
}
