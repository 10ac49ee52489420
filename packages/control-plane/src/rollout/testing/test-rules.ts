/** Rules of a fleet that has laid down none, or those given. */
import { RULE_PRESETS } from '@fairlead/shared/fleet/environment-rules';
import { DEFAULT_LIMITS } from '@fairlead/shared/fleet/limits';
import { fleetRules, type RuleBook } from '../fleet-rules.ts';
import type { FleetRules } from '../rollout-deps.ts';

export const openTestRules = (book: Partial<RuleBook> = {}): FleetRules =>
  fleetRules(
    { limits: DEFAULT_LIMITS, windows: [], groups: [], environments: RULE_PRESETS.fresh, ...book },
    (robot) => robot,
    () => new Map(),
  );
