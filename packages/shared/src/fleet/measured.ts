/**
 * Order against measurement: a deployment that was committed or skipped promises that the robot runs its digest. What
 * the robot itself reports as active decides whether that is still true (a local rollback, a restored disk, a robot
 * that was imaged again).
 */
import type { ComponentName, Sha256, Version } from '../ids.ts';
import { DAY, type Instant } from '../time.ts';
import type { RunningRelease } from '../trust/report.ts';
import { isFulfilled } from './deployment.ts';
import type { Activity, ComponentState } from './robot-facts.ts';
import type { DeploymentState } from './states.ts';

/** An order of a robot, as far as it can be compared with what the robot reports. */
export interface ComparedOrder {
  readonly component: ComponentName;
  readonly version: Version;
  readonly manifestSha256: Sha256;
  readonly state: DeploymentState;
  readonly endedAt?: Instant;
  /** How many orders in a row were given to repair a difference, this one included. */
  readonly repairs?: number;
}
export interface Difference {
  /** What the robot reports as active; absent where it reports no release of the component. */
  readonly reported?: RunningRelease;
}

/** Undefined where they agree, the order has not been fulfilled, or the robot has never reported its components. */
export function differenceOf(
  { component, manifestSha256, state }: ComparedOrder,
  components: readonly ComponentState[] | undefined,
): Difference | undefined {
  if (!components || !isFulfilled(state)) return undefined;
  const reported = components.find((each) => each.component === component)?.active;
  if (!reported) return {};
  return reported.manifestSha256 === manifestSha256 ? undefined : { reported };
}

/** During an update a robot reports the release that it is leaving, and unsent reports may explain the difference. */
export const isConclusive = (facts: { readonly activity?: Activity; readonly unsentReports?: number }): boolean =>
  facts.activity?.state === 'idle' && !facts.activity.refusal && facts.unsentReports === 0;

/** A robot that leaves its release again and again has a cause that another order does not mend. */
export const MAX_REPAIRS = 3;
/** A release that stayed this long had been repaired; the count begins again. */
const STABLE_MS = DAY;

/** How many repairs in a row have been ordered before the one that would be ordered now. */
export function repairsSoFar({ state, repairs = 0, endedAt }: ComparedOrder, now: Instant): number {
  const wasStable = state === 'succeeded' && endedAt !== undefined && now - endedAt > STABLE_MS;
  return wasStable ? 0 : repairs;
}
