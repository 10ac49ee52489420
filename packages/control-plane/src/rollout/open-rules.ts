/** The fleet's rules of this moment, with what the robots say of themselves. */
import { RULE_PRESETS } from '@fairlead/shared/fleet/environment-rules';
import { DEFAULT_LIMITS } from '@fairlead/shared/fleet/limits';
import type { PresenceRegistry } from '../fleet/presence-registry.ts';
import { fleetRules, type RuleBook } from './fleet-rules.ts';
import type { FleetRules } from './rollout-deps.ts';

const book: RuleBook = { limits: DEFAULT_LIMITS, windows: [], groups: [], environments: RULE_PRESETS.fresh };

export async function openRules({ presence }: { readonly presence: PresenceRegistry }): Promise<() => FleetRules> {
  const rules = fleetRules(
    book,
    (robot) => ({ ...robot, ...presence.of(robot.robot)?.facts }),
    () => new Map(),
  );
  return () => rules;
}
