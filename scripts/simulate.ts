/**
 * `npm run simulate -- --robots 1000 --seed 7` repeats one seed; `--seeds 20` runs fresh ones and appends them to the
 * ledger. docs/simulation.md says what is real in a run, and what fails it.
 */
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { featuresFor, missingFor, neverExercised } from '../tests/simulation/coverage.ts';
import { formatOutcome, robotYears } from '../tests/simulation/format-outcome.ts';
import { INVARIANTS, Violation } from '../tests/simulation/invariants/checks.ts';
import { appendToLedger, freshSeeds, LEDGER, ledgerLine, readLedger } from '../tests/simulation/ledger.ts';
import { simulate } from '../tests/simulation/simulation.ts';
import type { Outcome } from '../tests/simulation/stage.ts';
import { operators } from '../tests/simulation/stories/operators.ts';
import { hoursFor } from '../tests/simulation/world/pace.ts';
import { ALL_FEATURES, type Feature, swarmOf } from '../tests/simulation/world/swarm.ts';

const USAGE = `npm run simulate -- [--robots 100] [--seed 1 | --seeds 20] [--hours 6] [--with FEATURE,…] [--minutes 30]

--robots    robots of the fleet
--seed      run this seed: the same seed is the same run, event for event
--seeds     run so many fresh seeds and append them to ${LEDGER}
--hours     of virtual time with faults; half as many without faults follow (default: 6, less for large fleets)
--with      enable these features whatever the seed draws
--minutes   with --seeds: end after so many minutes of real time, whatever is under way; then only broken
            invariants fail the set, and those that were not exercised are named
--no-ledger with --seeds: leave the ledger as it is
--quiet     print only the result of each seed

A set of seeds fails where one of them breaks an invariant, or where none of them exercised one; up to twice as many
seeds more are run with the features that are missing.

Features: ${ALL_FEATURES.join(', ')}`;

const { values } = parseArgs({
  options: {
    robots: { type: 'string', default: '100' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    hours: { type: 'string' },
    with: { type: 'string', default: '' },
    minutes: { type: 'string' },
    'no-ledger': { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const robots = Number(values.robots);
const hours = Number(values.hours ?? hoursFor(robots));
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const forced = values.with.split(',').filter((feature) => feature !== '') as Feature[];
const count = values.seeds === undefined ? undefined : Number(values.seeds);
const seed = Number(values.seed ?? 1);
const mistakes = [
  ...(Number.isInteger(robots) && robots > 0 ? [] : [`--robots ${values.robots} is not a number of robots`]),
  ...(hours > 0 ? [] : [`--hours ${values.hours} is not a number of hours`]),
  ...(minutes === undefined || minutes > 0 ? [] : [`--minutes ${values.minutes} is not a number of minutes`]),
  ...(Number.isInteger(seed) ? [] : [`--seed ${values.seed} is not an integer`]),
  ...(count === undefined || (Number.isInteger(count) && count > 0)
    ? []
    : [`--seeds ${values.seeds} is not a number of seeds`]),
  ...(minutes !== undefined && count === undefined ? ['--minutes needs --seeds'] : []),
  ...(values.seed !== undefined && values.seeds !== undefined ? ['--seed and --seeds exclude each other'] : []),
  ...forced
    .filter((feature) => !ALL_FEATURES.includes(feature))
    .map((feature) => `--with: there is no feature ${feature}`),
];
if (values.help || mistakes.length > 0) {
  process.stderr.write(`${mistakes.map((mistake) => `${mistake}\n`).join('')}${USAGE}\n`);
  process.exit(values.help ? 0 : 2);
}

const endsAt = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
const isOutOfTime = (): boolean => performance.now() > endsAt;
const isTerminal = process.stdout.isTTY;
const clear = (): void => void (isTerminal && process.stdout.write('\r\x1b[K'));

async function run(seed: number, features: readonly Feature[]): Promise<Outcome> {
  const outcome = await simulate({
    seed,
    robots,
    hours,
    story: operators(),
    isOutOfTime,
    swarm: swarmOf(seed, features),
    onLine({ at, says }) {
      if (values.quiet) return;
      clear();
      process.stdout.write(`${pc.dim(new Date(at).toISOString().slice(5, 19).replace('T', ' '))}  ${says}\n`);
    },
    onProgress({ share, now, checkIns }) {
      if (!isTerminal) return;
      const done = Math.round(share * 30);
      const time = new Date(now).toISOString().slice(11, 16);
      clear();
      process.stdout.write(`${'█'.repeat(done)}${'░'.repeat(30 - done)} ${time}  ${checkIns} check-ins`);
    },
  });
  clear();
  const withFeatures = features.length > 0 ? ` --with ${features.join(',')}` : '';
  const replay = `npm run simulate -- --robots ${robots} --seed ${seed} --hours ${hours}${withFeatures}`;
  const { found, robotYears: years } = ledgerLine(outcome);
  const verdict = found !== '-' ? pc.red(found) : pc.green(outcome.isCut ? 'green until the time was up' : 'green');
  const inShort = `seed ${seed}: ${verdict}, ${years.toFixed(2)} robot-years in ${(outcome.realMs / 1000).toFixed(0)} s`;
  process.stdout.write(`${values.quiet && !outcome.failure ? inShort : `\n${formatOutcome(outcome, replay, pc)}`}\n`);
  return outcome;
}

/** One seed: a chosen run cannot exercise everything, so that it only names what it did not. */
async function runOne(): Promise<boolean> {
  const outcome = await run(seed, forced);
  const never = neverExercised([outcome]).filter((name) => missingFor(name, outcome.swarm).length === 0);
  if (never.length > 0) process.stdout.write(`${pc.yellow('not exercised')}: ${never.join(', ')}\n`);
  return outcome.failure === undefined;
}

/**
 * Fresh seeds: every invariant must have been exercised by at least one of them. With a limit of time a busy machine
 * decides how far they get: then only a broken invariant fails the set.
 */
async function runMany(wanted: number): Promise<boolean> {
  const ledger = await readLedger(LEDGER);
  const outcomes: Outcome[] = [];
  const seeds = freshSeeds(ledger, wanted * 3, Math.random);
  for (const fresh of seeds) {
    const never = neverExercised(outcomes);
    const isExtra = outcomes.length >= wanted;
    if (isExtra && never.length === 0) break;
    if (isOutOfTime()) break;
    const features = [...new Set([...forced, ...(isExtra ? featuresFor(never) : [])])];
    const outcome = await run(fresh, features);
    outcomes.push(outcome);
    // A run that was cut short has not been judged to its end.
    if (!values['no-ledger'] && !outcome.isCut) await appendToLedger(LEDGER, ledgerLine(outcome));
  }
  const never = neverExercised(outcomes);
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  const broken = failed.filter(({ failure }) => failure?.error instanceof Violation);
  const isStrict = minutes === undefined;
  const years = outcomes.reduce((sum, outcome) => sum + robotYears(outcome), 0);
  const lines = [
    `${outcomes.length} seeds of ${robots} robots: ${years.toFixed(2)} virtual robot-years, ${failed.length} seeds found something`,
    ...never.map(
      (name) =>
        `${isStrict ? pc.red('never exercised') : pc.yellow('not exercised')}: ${name} (${INVARIANTS[name].says})`,
    ),
  ];
  process.stdout.write(`\n${lines.join('\n')}\n`);
  return isStrict ? failed.length === 0 && never.length === 0 : broken.length === 0;
}

process.exitCode = (await (count === undefined ? runOne() : runMany(count))) ? 0 : 1;
