/** What each environment asks before its robots change. */
import type { rulesApi } from '@fairlead/shared/api/rules-api';
import { type EnvironmentRules, RULE_PRESETS } from '@fairlead/shared/fleet/environment-rules';
import { ENVIRONMENTS } from '@fairlead/shared/ids';
import { readSelector } from '../fleet/list-robots.ts';
import type { Handlers } from '../http/handlers.ts';
import { problem } from '../http/problem.ts';
import { changeRules, type RuleDeps } from './rule-deps.ts';

type EnvironmentRoutes = Pick<typeof rulesApi, 'showEnvironments' | 'changeEnvironment' | 'presetEnvironments'>;

export function environmentHandlers(deps: RuleDeps): Handlers<EnvironmentRoutes> {
  return {
    showEnvironments: async () => (await deps.store.rules.all()).environments,

    async changeEnvironment({ params: { environment }, body, caller }) {
      const changes = Object.entries(body);
      if (changes.length === 0)
        throw problem('bad_request', 'No rule is named.', { hint: 'See fairlead environment list.' });
      for (const { selector } of body.autoDeploy ?? []) readSelector(selector);
      const said = changes.map(
        ([name, value]) => `${name} is ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      const detail = `In ${environment} ${said.join(', ')}.`;
      const fact = {
        by: caller.actor,
        action: 'environment.change',
        element: environment,
        detail,
        loud: loosens(body),
      };
      const { environments } = await changeRules(deps, fact, ({ rules }, before) =>
        rules.save('environment', environment, { ...before.environments[environment], ...body }),
      );
      return environments;
    },

    async presetEnvironments({ body: { preset }, caller }) {
      const detail = `All environments have the rules of the preset ${preset}.`;
      const fact = {
        by: caller.actor,
        action: 'environment.preset',
        element: preset,
        detail,
        loud: preset === 'fresh',
      };
      const { environments } = await changeRules(deps, fact, async ({ rules }) => {
        for (const name of ENVIRONMENTS) await rules.save('environment', name, RULE_PRESETS[preset][name]);
      });
      return environments;
    },
  };
}

/** Whoever turns four eyes off does it where everybody sees it. */
const loosens = ({ approvals, staged }: Partial<EnvironmentRules>): boolean => approvals === 'none' || staged === false;
