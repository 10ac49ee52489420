/**
 * Slice: the fleet's rules, one document each, so that two people who change different rules at the same moment
 * both win.
 */
import { EnvironmentRules, RULE_PRESETS, type RulesByEnvironment } from '@fairlead/shared/fleet/environment-rules';
import { DEFAULT_LIMITS, DisruptionBudget, type FleetLimits } from '@fairlead/shared/fleet/limits';
import { MaintenanceWindow } from '@fairlead/shared/fleet/maintenance-window';
import { SavedGroup } from '@fairlead/shared/fleet/saved-group';
import { type Static, Type } from 'typebox';

/** What a rule of each kind is. Limits are kept one number each. */
export const RULE_SCHEMAS = {
  window: MaintenanceWindow,
  group: SavedGroup,
  budget: DisruptionBudget,
  limit: Type.Integer({ minimum: 1 }),
  environment: EnvironmentRules,
};
export type RuleKind = keyof typeof RULE_SCHEMAS;
export type RuleOf<K extends RuleKind> = Static<(typeof RULE_SCHEMAS)[K]>;

/** All of them, each list by name; what nobody set has its default. */
export interface FleetRules {
  readonly windows: readonly MaintenanceWindow[];
  readonly groups: readonly SavedGroup[];
  readonly limits: FleetLimits;
  readonly environments: RulesByEnvironment;
}
export const NO_RULES: FleetRules = {
  windows: [],
  groups: [],
  limits: DEFAULT_LIMITS,
  environments: RULE_PRESETS.fresh,
};

export interface RulesSlice {
  /** One query; an unchanged rule is the same object as the last time, so that what was computed of it still holds. */
  all(): Promise<FleetRules>;
  save<K extends RuleKind>(kind: K, name: string, rule: RuleOf<K>): Promise<void>;
  /** False where there was none. */
  remove(kind: RuleKind, name: string): Promise<boolean>;
}
