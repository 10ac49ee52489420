/** What proves that an alarm about a component has ended. Pure. */
import type { Refusal } from '@fairlead/shared/failure';
import type { ComponentName } from '@fairlead/shared/ids';

/** Ended by the policy of the environment alone: a release that must not run does not become allowed by running well. */
const BY_POLICY: readonly string[] = ['denied'];
/** Ended by health checks that pass: files and services in order prove nothing about them. */
const BY_HEALTH_CHECKS: readonly string[] = ['health_check', 'health_unknown'];

/** The component runs a whole release that passes its health checks. */
export const endedByHealthyRelease =
  (component: ComponentName) =>
  (open: Refusal): boolean =>
    open.component === component && !BY_POLICY.includes(open.category);

/**
 * A start of the agent found files, links and services in order. `except`: the component of an interrupted update,
 * whose end decides.
 */
export const endedByRecovery =
  (except?: ComponentName) =>
  ({ phase, component, category, element }: Refusal): boolean => {
    if (element === 'journal.json') return true;
    if (component !== undefined && component === except) return false;
    if (phase !== 'roll-back' && phase !== 'verify') return false;
    // The trust store opens the trust database, and ends that alarm itself.
    if (component === undefined && element !== phase) return false;
    return ![...BY_POLICY, ...BY_HEALTH_CHECKS].includes(category);
  };
