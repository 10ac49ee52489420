/** How much of the fleet may be in update at once. */
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import type { DisruptionBudget, FleetLimits } from '@fairlead/shared/fleet/limits';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { changeRules, type RuleDeps } from './rule-deps.ts';

type LimitRoutes = Pick<typeof rulesApi, 'showLimits' | 'changeLimits' | 'saveBudget' | 'deleteBudget'>;
const LIMITS = ['maxConcurrent', 'maxStaging', 'quarantineAfter'] as const satisfies readonly (keyof FleetLimits)[];

export function limitHandlers(deps: RuleDeps): Handlers<LimitRoutes> {
  return {
    showLimits: async () => (await deps.store.rules.all()).limits,

    async changeLimits({ body, caller }) {
      const named = LIMITS.filter((name) => body[name] !== undefined);
      if (named.length === 0)
        throw problem('bad_request', 'No limit is named.', { hint: `Limits: ${LIMITS.join(', ')}` });
      const detail = `${named.map((name) => `${name} is ${body[name] ?? 'no limit'}`).join(', ')}.`;
      const fact = { by: caller.actor, action: 'limits.change', element: named.join(', '), detail };
      const { limits } = await changeRules(deps, fact, async ({ rules }) => {
        for (const name of named) {
          const value = body[name];
          if (typeof value === 'number') await rules.save('limit', name, value);
          else await rules.remove('limit', name);
        }
      });
      return limits;
    },

    async saveBudget({ body, caller }) {
      const place = sayPlace(body);
      const detail = `At most ${body.maxUnavailable} robots of ${place} may be in update at once.`;
      const fact = { by: caller.actor, action: 'budget.save', element: place, detail };
      return (await changeRules(deps, fact, ({ rules }) => rules.save('budget', keyOf(body), body))).limits;
    },

    async deleteBudget({ query, caller }) {
      const place = sayPlace(query);
      const fact = { by: caller.actor, action: 'budget.delete', element: place, detail: `${place} has no budget.` };
      const { limits } = await changeRules(deps, fact, async ({ rules }) => {
        if (await rules.remove('budget', keyOf(query))) return;
        throw problem('not_found', `There is no budget for ${place}.`, { hint: 'See fairlead budget list.' });
      });
      return limits;
    },
  };
}

type Place = Pick<DisruptionBudget, 'label' | 'value'>;
/** A budget for every value and one for a certain value are two rules. */
const keyOf = ({ label, value }: Place): string => (value === undefined ? label : `${label}=${value}`);
const sayPlace = ({ label, value }: Place): string => (value === undefined ? `each ${label}` : `${label}=${value}`);
