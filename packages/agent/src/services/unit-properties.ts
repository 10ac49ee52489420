/** What `systemctl show` prints about one unit, and what it means for an update. Pure. */
import { HOUR, MINUTE, SECOND } from '@fairlead/shared/time';
import type { ServiceState } from './service-manager.ts';

/** Properties that `readState`, `whyNotStartable` and `timeLimitOf` need. */
export const PROPERTIES = [
  'LoadState',
  'LoadError',
  'ActiveState',
  'SubState',
  'Job',
  'NRestarts',
  'Result',
  'Type',
  'RemainAfterExit',
  'ConditionResult',
  'ConditionTimestampMonotonic',
  'RefuseManualStart',
  'RefuseManualStop',
  'TimeoutStartUSec',
  'TimeoutStopUSec',
].join(',');

export type UnitProperties = ReadonlyMap<string, string>;

/** Reads the `NAME=VALUE` lines of `systemctl show`. */
export function readProperties(shown: string): UnitProperties {
  const values = new Map<string, string>();
  for (const line of shown.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  return values;
}

export function readState(unit: UnitProperties): ServiceState {
  const active = unit.get('ActiveState') ?? '';
  const restarts = Number.parseInt(unit.get('NRestarts') ?? '0', 10) || 0;
  const told = `${active} (${unit.get('SubState') ?? ''}), result ${unit.get('Result') ?? ''}, ${restarts} restarts`;
  if (unit.get('LoadState') === 'not-found') return { state: 'unknown', restarts: 0, detail: 'there is no such unit' };
  if (active !== 'inactive') return { state: STATES[active] ?? 'unknown', restarts, detail: told };
  // Of a start that a Condition of the unit skipped, systemctl reports success all the same.
  const skipped = unit.get('ConditionResult') === 'no' && Number(unit.get('ConditionTimestampMonotonic') ?? 0) > 0;
  if (skipped) return { state: 'stopped', restarts, detail: `${told}; a Condition of the unit was not met` };
  // Its work is done, or it has none; systemd forgets when a unit ran that nothing refers to, but not that it failed.
  if (isOneshot(unit)) return { state: 'running', restarts, detail: `${told}; a oneshot unit runs to its end` };
  return { state: 'stopped', restarts, detail: told };
}

/** A unit that does its work and ends, and is not kept active afterwards. */
const isOneshot = (unit: UnitProperties): boolean =>
  unit.get('Type') === 'oneshot' && unit.get('RemainAfterExit') !== 'yes' && unit.get('Result') === 'success';

/** `activating` is also where systemd waits (RestartSec) before it starts a crashed unit again. */
const STATES: Readonly<Record<string, ServiceState['state']>> = {
  active: 'running',
  reloading: 'running',
  refreshing: 'running',
  deactivating: 'running',
  inactive: 'stopped',
  failed: 'failed',
  activating: 'starting',
};

/** Whether systemd still works on a start or a stop of the unit. */
export const isInTransition = (unit: UnitProperties): boolean =>
  // In `auto-restart` the start has failed already, and the next one has not begun.
  (unit.get('ActiveState') === 'activating' && unit.get('SubState') !== 'auto-restart') ||
  unit.get('ActiveState') === 'deactivating' ||
  Number.parseInt(unit.get('Job') ?? '0', 10) > 0;

/** Why `systemctl stop` and `start` would not bring this unit back; undefined where nothing is known against it. */
export function whyNotStartable(unit: UnitProperties): Unstartable | undefined {
  const load = unit.get('LoadState') ?? 'loaded';
  if (load === 'not-found') return { category: 'no_service', why: 'this robot has no such unit', next: 'Install it' };
  if (load === 'masked') return { category: 'service_masked', why: 'it is masked', next: 'Run `systemctl unmask`' };
  if (load === 'bad-setting' || load === 'error') {
    const said = unit.get('LoadError')?.replace(/^\S+ /, '') ?? '';
    const why = `systemd can't load it (${load}): ${said.slice(0, 300)}`;
    return { category: 'bad_unit', why, next: 'Correct the unit file (systemd-analyze verify)' };
  }
  for (const [verb, property] of [
    ['start', 'RefuseManualStart'],
    ['stop', 'RefuseManualStop'],
  ] as const) {
    const why = `it says ${property}=yes, so nobody may ${verb} it`;
    if (unit.get(property) === 'yes') return { category: 'bad_unit', why, next: `Remove ${property}= from the unit` };
  }
  return undefined;
}
export interface Unstartable {
  readonly category: 'no_service' | 'service_masked' | 'bad_unit';
  /** Completes "Fairlead can't start UNIT: ...". */
  readonly why: string;
  readonly next: string;
}

/** The time limit holds for each command of a unit: ExecCondition, ExecStartPre, ExecStart, ExecStartPost. */
const COMMANDS = 4;
/** For the units that must be up first, and for systemd itself on a machine that is overloaded. */
const SLACK_MS = 2 * MINUTE;
/** For a unit without a limit; also a oneshot unit has none by default. */
const UNLIMITED_MS = 30 * MINUTE;
const LONGEST_MS = 1 * HOUR;

/**
 * Milliseconds after which a start or a stop is given up. systemd ends it earlier by the unit's own TimeoutStartSec or
 * TimeoutStopSec; this only bounds a systemd that does not answer.
 */
export function timeLimitOf(verb: 'start' | 'stop', unit: UnitProperties): number {
  const own = readTimeSpan(unit.get(verb === 'start' ? 'TimeoutStartUSec' : 'TimeoutStopUSec') ?? '90s');
  return own === undefined ? UNLIMITED_MS : Math.min(LONGEST_MS, COMMANDS * own + SLACK_MS);
}

/** `2min 15s` in milliseconds; undefined for `infinity` and what is no time span. */
export function readTimeSpan(text: string): number | undefined {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(month|min|ms|us|[ywdhs])/g)];
  if (parts.length === 0) return text === '0' ? 0 : undefined;
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_MS[unit] ?? 0), 0);
}
const DAY = 24 * HOUR;
const UNIT_MS: Readonly<Record<string, number>> = {
  y: 365.25 * DAY,
  month: 30.44 * DAY,
  w: 7 * DAY,
  d: DAY,
  h: HOUR,
  min: MINUTE,
  s: SECOND,
  ms: 1,
  us: 0.001,
};
