/**
 * The ledger of seeds: one line for each run that was ever made with fresh chance, and what it found. It grows with every
 * nightly run; a seed in it is never drawn again.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { robotYears } from './format-outcome.ts';
import type { Outcome } from './stage.ts';

export const LEDGER = 'tests/simulation/seeds.tsv';
const HEADER = ['seed', 'robots', 'robot-years', 'found'];

export interface LedgerLine {
  readonly seed: number;
  readonly robots: number;
  /** Virtual time of all robots together. */
  readonly robotYears: number;
  /** `-`, or the invariant that was broken. */
  readonly found: string;
}

/** Throws an error that names the line where the file is not a ledger. */
export function parseLedger(text: string): readonly LedgerLine[] {
  const [header, ...lines] = text.split('\n').filter((line) => line !== '');
  if (header !== HEADER.join('\t')) throw new Error(`${LEDGER}:1: expected "${HEADER.join('\\t')}"`);
  return lines.map((line, index) => {
    const [seed, robots, years, found, ...more] = line.split('\t');
    const parsed = { seed: Number(seed), robots: Number(robots), robotYears: Number(years), found: found ?? '' };
    const isSound = Number.isInteger(parsed.seed) && Number.isInteger(parsed.robots) && parsed.robotYears > 0;
    if (isSound && parsed.found !== '' && more.length === 0) return parsed;
    throw new Error(`${LEDGER}:${index + 2}: expected four columns (${HEADER.join(', ')})`);
  });
}

export const readLedger = async (file: string): Promise<readonly LedgerLine[]> =>
  parseLedger(await readFile(file, 'utf8'));

export function ledgerLine(outcome: Outcome): LedgerLine {
  const { seed, robots, failure } = outcome;
  const error = failure?.error;
  const found = error === undefined ? '-' : 'invariant' in error ? String(error.invariant) : 'error of the harness';
  return { seed, robots, robotYears: robotYears(outcome), found };
}

export const formatLedgerLine = ({ seed, robots, robotYears: years, found }: LedgerLine): string =>
  `${[seed, robots, years.toFixed(3), found].join('\t')}\n`;

export const appendToLedger = (file: string, line: LedgerLine): Promise<void> =>
  appendFile(file, formatLedgerLine(line));

/** Seeds that no line has, drawn by `random` (0 to 1). */
export function freshSeeds(
  ledger: readonly Pick<LedgerLine, 'seed'>[],
  count: number,
  random: () => number,
): readonly number[] {
  const taken = new Set(ledger.map(({ seed }) => seed));
  const fresh = new Set<number>();
  while (fresh.size < count) {
    const seed = Math.floor(random() * 1e9);
    if (!taken.has(seed)) fresh.add(seed);
  }
  return [...fresh];
}
