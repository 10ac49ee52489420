/** The end of a simulation as people read it: a table, or what went wrong and how to see it again. */
import { INVARIANTS, type Invariant } from './invariants/checks.ts';
import type { Outcome } from './stage.ts';

export interface Colours {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
}

export function sayOutcome(outcome: Outcome, replay: string, colours: Colours): string {
  const { bold, dim, red, green } = colours;
  const counted = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, count]) => `${number(count)} ${what}`)
      .join(', ') || 'none';
  const rows: readonly (readonly [string, string])[] = [
    ['robots', number(outcome.robots)],
    ['check-ins', number(outcome.checkIns)],
    ['switches', number(outcome.switches)],
    ['updates', counted(outcome.outcomes)],
    ['faults', counted(outcome.faults)],
    ['virtual time', `${(outcome.virtualMs / 3_600_000).toFixed(1)} h`],
    ['real time', `${(outcome.realMs / 1000).toFixed(1)} s`],
    ['memory', `${number(outcome.rssMb)} MB`],
    ['event log', `${number(outcome.events)} events, hash ${outcome.hash}`],
  ];
  const invariants = Object.entries(INVARIANTS).map(([name, says]) => {
    const count = outcome.checks.get(name as Invariant) ?? 0;
    const mark = count === 0 ? dim('·') : green('✓');
    return `${mark} ${name.padEnd(26)}${number(count).padStart(12)}  ${dim(says)}`;
  });
  const table = rows.map(([what, value]) => `${what.padEnd(14)}${value}`);
  const lines = [
    bold(`seed ${outcome.seed}`),
    ...table,
    '',
    bold('invariants'.padEnd(28) + 'checks'.padStart(12)),
    ...invariants,
  ];
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

const number = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');
