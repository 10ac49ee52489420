/**
 * Why a release that was installed counts as degraded. Each source has its own findings, and each finding ends with its own
 * condition only: a robot whose health checks pass again is still degraded while another alarm of that component is open.
 */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { isFulfilled } from './deployment.ts';
import type { DeploymentState } from './states.ts';

export const Degradation = Type.Object(
  {
    /**
     * `health`: its own health checks. `alarm`: an alarm of the component. `silence`: it stopped checking in. `release`:
     * it runs another release than the one that it had committed.
     */
    source: Type.Enum(['health', 'alarm', 'silence', 'release']),
    refusal: Refusal,
  },
  { additionalProperties: false },
);
export type Degradation = Static<typeof Degradation>;

/** The part of a deployment that a finding changes. */
interface Outcome {
  readonly state: DeploymentState;
  readonly refusal?: Refusal;
  /** Absent or empty unless it is degraded; the oldest finding first. */
  readonly degradedBy?: readonly Degradation[];
}

/** Alarms that are kept with one deployment: a robot that invents them would make it grow without end. */
export const MOST_ALARMS = 20;

/** With this finding; the same object where it is known already, or the robot does not run what could degrade. */
export function withDegradation<D extends Outcome>(deployment: D, found: Degradation): D {
  if (!isFulfilled(deployment.state)) return deployment;
  const known = deployment.degradedBy ?? [];
  if (known.some((one) => isSame(one, found))) return deployment;
  const alarms = known.filter(({ source }) => source === 'alarm').length;
  if (found.source === 'alarm' && alarms >= MOST_ALARMS) return deployment;
  const others = found.source === 'alarm' ? known : known.filter(({ source }) => source !== found.source);
  return outcomeOf(deployment, [...others, found]);
}

/** Without the findings that `isOver` names; the same object where there are none. */
export function withoutDegradation<D extends Outcome>(deployment: D, isOver: (found: Degradation) => boolean): D {
  const known = deployment.degradedBy ?? [];
  const left = known.filter((found) => !isOver(found));
  return isFulfilled(deployment.state) && left.length < known.length ? outcomeOf(deployment, left) : deployment;
}

/** With the findings of another order of the same release on the same robot, in place of its own. */
export const withFindings = <D extends Outcome>(deployment: D, degradedBy: readonly Degradation[] = []): D =>
  outcomeOf(deployment, degradedBy);

/** The state that people see and gates count: a robot that skipped its order can degrade as well. */
export const countedState = ({ state, degradedBy = [] }: Outcome): DeploymentState =>
  degradedBy.length > 0 ? 'degraded' : state;

function outcomeOf<D extends Outcome>(deployment: D, degradedBy: readonly Degradation[]): D {
  const { refusal: _refusal, degradedBy: _before, ...rest } = deployment;
  const [first] = degradedBy;
  const findings = first && { refusal: first.refusal, degradedBy };
  // A robot that ran the release before its order stays `skipped`: undoing the order must not take the release from it.
  const outcome: Outcome = {
    state: rest.state === 'skipped' ? 'skipped' : first ? 'degraded' : 'succeeded',
    ...findings,
  };
  // The compiler does not see that only members of Outcome were taken out and put back.
  return { ...rest, ...outcome } as unknown as D;
}

/** The same check, or the same alarm: its text may change with each round. */
const isSame = (one: Degradation, other: Degradation): boolean =>
  one.source === other.source &&
  one.refusal.category === other.refusal.category &&
  one.refusal.element === other.refusal.element;
