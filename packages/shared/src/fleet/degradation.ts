/**
 * Why a committed release counts as degraded. Each source has its own findings, and only the same source takes a finding
 * back: a robot whose health checks pass again is still degraded while an alarm of that component is open.
 */
import { type Static, Type } from 'typebox';
import { Refusal } from '../failure.ts';
import { isCommitted } from './deployment.ts';
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
  /** Absent or empty unless the state is `degraded`; the oldest finding first. */
  readonly degradedBy?: readonly Degradation[];
}

/** Alarms that are kept with one deployment: a robot that invents them would make it grow without end. */
export const MOST_ALARMS = 20;

/** With this finding; the same object where it is known already, or nothing was committed that could degrade. */
export function withDegradation<D extends Outcome>(deployment: D, found: Degradation): D {
  if (!isCommitted(deployment.state)) return deployment;
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
  return isCommitted(deployment.state) && left.length < known.length ? outcomeOf(deployment, left) : deployment;
}

function outcomeOf<D extends Outcome>(deployment: D, degradedBy: readonly Degradation[]): D {
  const { refusal: _refusal, degradedBy: _before, ...rest } = deployment;
  const [first] = degradedBy;
  const outcome: Outcome = first ? { state: 'degraded', refusal: first.refusal, degradedBy } : { state: 'succeeded' };
  // The compiler does not see that only members of Outcome were taken out and put back.
  return { ...rest, ...outcome } as unknown as D;
}

/** The same check, or the same alarm: its text may change with each round. */
const isSame = (one: Degradation, other: Degradation): boolean =>
  one.source === other.source &&
  one.refusal.category === other.refusal.category &&
  one.refusal.element === other.refusal.element;
