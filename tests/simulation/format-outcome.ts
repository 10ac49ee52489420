/** The end of a simulation as people read it: a table, or what went wrong and how to see it again. */
import { missingFor } from './coverage.ts';
import { ALL_INVARIANTS, INVARIANTS } from './invariants/checks.ts';
import type { Outcome } from './stage.ts';
import { describeSwarm } from './world/swarm.ts';

export interface Colors {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
}
const HOUR = 3_600_000;
const YEAR = 365.25 * 24 * HOUR;

/** Years that all robots together lived through. */
export const robotYears = ({ robots, virtualMs }: Pick<Outcome, 'robots' | 'virtualMs'>): number =>
  (robots * virtualMs) / YEAR;

export function formatOutcome(outcome: Outcome, replay: string, colors: Colors): string {
  const { bold, red, dim } = colors;
  const lines = [bold(`seed ${outcome.seed}`), ...formatNumbers(outcome), '', ...formatInvariants(outcome, colors)];
  if (!outcome.failure) return lines.join('\n');
  const { error, lastEvents, serverLog } = outcome.failure;
  return [
    ...lines,
    '',
    red(bold(error.message)),
    ...(error.name === 'Violation' ? [] : [dim(error.stack ?? '')]),
    '',
    bold('last events'),
    ...lastEvents,
    ...(serverLog.length > 0 ? ['', bold("the server's log"), ...serverLog.map((line) => line.slice(0, 1000))] : []),
    '',
    `See it again: ${bold(replay)}`,
  ].join('\n');
}

function formatNumbers(outcome: Outcome): readonly string[] {
  const counted = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, count]) => `${number(count)} ${what}`)
      .join(', ') || 'none';
  const [on, off] = describeSwarm(outcome.swarm);
  const rows: readonly (readonly [string, string])[] = [
    ['enabled', on],
    ['disabled', off],
    ['robots', number(outcome.robots)],
    ['check-ins', number(outcome.checkIns)],
    ['switches', number(outcome.switches)],
    ['updates', counted(outcome.outcomes)],
    ['faults', counted(outcome.faults)],
    ['virtual time', `${(outcome.virtualMs / HOUR).toFixed(1)} h, ${robotYears(outcome).toFixed(2)} robot-years`],
    ['real time', `${(outcome.realMs / 1000).toFixed(1)} s`],
    ['memory', `${number(outcome.rssMb)} MB`],
    ['event log', `${number(outcome.events)} events, hash ${outcome.hash}`],
  ];
  return rows.map(([what, value]) => `${what.padEnd(14)}${value}`);
}

function formatInvariants(outcome: Outcome, { bold, dim, red, green }: Colors): readonly string[] {
  const rows = ALL_INVARIANTS.map((name) => {
    const count = outcome.checks.get(name) ?? 0;
    const missing = missingFor(name, outcome.swarm);
    const why = missing.length > 0 ? ` (not exercised: disabled ${missing.join(', ')})` : ' (not exercised)';
    const mark = count > 0 ? green('✓') : missing.length > 0 ? dim('-') : red('✗');
    return `${mark} ${name.padEnd(26)}${number(count).padStart(12)}  ${dim(INVARIANTS[name].says + (count === 0 ? why : ''))}`;
  });
  return [bold('invariants'.padEnd(28) + 'exercised'.padStart(12)), ...rows];
}

const number = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');
