/** Wishes of operators, drawn from chance: whom, in which stages, and what happens when it goes wrong. */
import type { CreateRollout } from '@fairlead/shared/api/rollout-api';
import type { Target } from '@fairlead/shared/fleet/target';
import { MINUTE } from '@fairlead/shared/time';
import type { Static } from 'typebox';
import { BOARDS, SITES } from '../robot/traits.ts';
import type { Chance } from '../world/chance.ts';
import type { Temper } from '../world/world.ts';

type Shape = NonNullable<Static<typeof CreateRollout>['shape']>;

export function temperOf(chance: Chance): Temper {
  return {
    rejectedBy: chance.happens(0.25) ? [chance.oneOf(BOARDS)] : [],
    diesInProbation: chance.happens(0.35) ? chance.between(0.02, 0.5) : 0,
  };
}

export function sayTemper({ rejectedBy, diesInProbation }: Temper): string {
  const bad = rejectedBy.length > 0 ? ` (bad on ${rejectedBy.join()})` : '';
  return diesInProbation > 0 ? `${bad} (dies in ${Math.round(diesInProbation * 100)} % of its probations)` : bad;
}

export function targetOf(chance: Chance): Target {
  if (chance.happens(0.4)) return { all: true };
  if (chance.happens(0.5)) return { group: chance.oneOf(['dock', 'warehouse']) };
  return { selector: `site=${chance.oneOf(SITES)}` };
}

export function sayTarget(target: Target): string {
  if ('robot' in target) return target.robot;
  if ('group' in target) return target.group;
  if ('selector' in target) return target.selector;
  return 'updatedBy' in target ? 'those who have it' : 'all';
}

/** Whatever it is, a robot that does not answer is given up after an hour. */
export function shapeOf(chance: Chance): Shape {
  const common = { timeoutSec: 3600, gate: { maxFailures: chance.oneOf(['5%', '20%', '50%']), minSuccesses: '60%' } };
  const soakSec = chance.whole(10 * MINUTE) / 1000;
  const soak = { soakSec: Math.round(soakSec) };
  switch (chance.whole(4)) {
    case 0:
      return {
        strategy: 'custom',
        stages: [
          { name: 'canary', upTo: { percent: 10 }, ...soak, ...common },
          { name: 'half', upTo: { percent: 50 }, ...soak, ...common, maxUnavailable: '40%' },
          { name: 'all', upTo: { percent: 100 }, ...common },
        ],
      };
    case 1:
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
    case 2:
      return { strategy: 'blue-green', stages: [{ upTo: { percent: 100 }, ...common }] };
    default:
      return {
        strategy: 'custom',
        stages: [
          { name: 'one site', upTo: { selector: `site=${chance.oneOf(SITES)}` }, ...common },
          { name: 'all', upTo: { percent: 100 }, ...common },
        ],
      };
  }
}
