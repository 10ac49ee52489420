/** The fleet's rules, as the engine and the check-ins ask them. */
import { APPROVALS_NEEDED, type RulesByEnvironment } from '@fairlead/shared/fleet/environment-rules';
import { type Labelled, labelsOf } from '@fairlead/shared/fleet/labels-of';
import { type FleetLimits, type Population, pickWithinLimits } from '@fairlead/shared/fleet/limits';
import { askMaintenance, type MaintenanceWindow } from '@fairlead/shared/fleet/maintenance-window';
import type { SavedGroup } from '@fairlead/shared/fleet/saved-group';
import type { RobotRecord } from '../store/robots.ts';
import type { FleetRules } from './rollout-deps.ts';

export interface RuleBook {
  readonly limits: FleetLimits;
  readonly windows: readonly MaintenanceWindow[];
  readonly groups: readonly SavedGroup[];
  readonly environments: RulesByEnvironment;
}

/** `known`: a robot with what it said last; `population`: robots per label value, for budgets given as a share. */
export function fleetRules(
  book: RuleBook,
  known: (robot: RobotRecord) => Labelled,
  population: () => Population,
): FleetRules {
  const candidate = (robot: RobotRecord) => ({ robot: robot.robot, labels: labelsOf(known(robot)) });
  return {
    maxStaging: book.limits.maxStaging ?? Infinity,
    windowOf: (robot, now) =>
      book.windows.length === 0 ? { open: true } : askMaintenance(book.windows, known(robot), now, book.groups),
    pick: (candidates, unavailable) =>
      pickWithinLimits({
        limits: book.limits,
        candidates: candidates.map(candidate),
        unavailable: unavailable.map(candidate),
        population: population(),
      }),
    environment(environment) {
      const { approvals, approvalTtlSec, approverRole, breakGlassRole, onFailure, staged } =
        book.environments[environment];
      return {
        approvals: APPROVALS_NEEDED[approvals],
        approvalTtlSec,
        approverRole,
        breakGlassRole,
        onFailure,
        staged,
      };
    },
  };
}
