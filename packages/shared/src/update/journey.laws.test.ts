/**
 * The laws of the journey, over where the power is cut and which steps fail: it ends; what runs is what was
 * committed last; no step is begun more often than the table says. A model of the robot's disk stands in for
 * the steps; the reducers are the real ones. The mutants at the end prove that the laws can fail.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Refusal } from '../failure.ts';
import type { ComponentName, DeploymentId, Sha256, Version } from '../ids.ts';
import type { Journal } from './journal.ts';
import { begin, JOURNEY, type Journey, resume, type StepResult, settle } from './journey.ts';
import type { Step } from './step.ts';

const NOW = 1_800_000_000_000;
const release = (version: string) => ({
  component: 'duck' as ComponentName,
  version: version as Version,
  manifestSha256: version.repeat(64).slice(0, 64) as Sha256,
  releaseCounter: 1,
});
const OLD = release('1.0.0');
const NEW = release('2.0.0');
const refusal: Refusal = { phase: 'switch', element: 'x', category: 'made_up', detail: '', retryable: false, hint: '' };

/** How one robot deviates from the book: mutants of the driver. */
interface Driver {
  readonly journey: Journey;
  readonly writesFirstJournal: boolean;
  readonly writesBetweenSteps: boolean;
}
const BOOK: Driver = { journey: JOURNEY, writesFirstJournal: true, writesBetweenSteps: true };

/** Cuts and failures in the order in which the robot meets them; when they run out, nothing goes wrong any more. */
interface Schedule {
  readonly cuts: readonly boolean[];
  readonly failures: readonly ('none' | 'fails' | 'not-now')[];
}
const schedules: fc.Arbitrary<Schedule> = fc.record({
  // How many moments go well before the next cut: rare cuts reach late steps, dense ones use starts up.
  cuts: fc
    .oneof(fc.array(fc.nat({ max: 12 }), { maxLength: 25 }), fc.array(fc.nat({ max: 2 }), { maxLength: 40 }))
    .map((gaps) => gaps.flatMap((gap) => [...Array<boolean>(gap).fill(false), true])),
  failures: fc.array(fc.constantFrom('none', 'none', 'none', 'fails', 'not-now'), { maxLength: 25 }),
});

class PowerCut extends Error {}

function live(schedule: Schedule, driver: Driver) {
  const cuts = [...schedule.cuts];
  const failures = [...schedule.failures];
  const disk = { journal: undefined as Journal | undefined, running: '1.0.0', committed: '1.0.0', waits: 0 };
  const begun = new Map<string, number>();
  const maybeCut = () => {
    if (cuts.shift()) throw new PowerCut();
  };
  const act = (step: Step): StepResult => {
    const failure = failures.shift() ?? 'none';
    maybeCut();
    // Asked before the rename only: a switch that was cut off behind it has nothing left but services to start.
    const mayWait = step === 'switch' && disk.running === '1.0.0';
    if (mayWait && failure === 'not-now') return { ok: false, refused: refusal, notNow: true };
    if (failure === 'fails' && step !== 'switch') return { ok: false, refused: refusal };
    if (step === 'switch') disk.running = '2.0.0';
    if (step === 'roll-back') disk.running = '1.0.0';
    if (step === 'commit') disk.committed = '2.0.0';
    maybeCut();
    // The worst switch: it fails after the link was moved.
    return failure === 'fails' ? { ok: false, refused: refusal } : { ok: true };
  };
  const write = (journal: Journal) => {
    maybeCut();
    // Waiting again is a new visit: `switch` may then be begun afresh.
    if (journal.step === 'wait' && disk.journal?.step === 'switch') disk.waits += 1;
    disk.journal = journal;
    maybeCut();
  };
  const run = () => {
    const found = disk.journal;
    let journal = found
      ? resume(found, NOW, driver.journey)
      : begin({ deployment: 'dep_0123456789' as DeploymentId, component: OLD.component, candidate: NEW }, OLD, NOW);
    if (found || driver.writesFirstJournal) write(journal);
    while (journal.step !== 'done') {
      const key = `${disk.waits} ${journal.step}`;
      begun.set(key, (begun.get(key) ?? 0) + 1);
      const next = settle(journal, act(journal.step), NOW, driver.journey);
      if (driver.writesBetweenSteps || next.step === 'done') write(next);
      journal = next;
    }
  };
  for (let boots = 0; boots < 300; boots += 1) {
    try {
      run();
      return { ended: true, disk, begun };
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }
  return { ended: false, disk, begun };
}

function lawsHold(schedule: Schedule, driver: Driver): boolean {
  const { ended, disk, begun } = live(schedule, driver);
  const limit = (key: string) => JOURNEY[key.split(' ')[1] as Step].starts;
  return ended && disk.running === disk.committed && [...begun].every(([key, times]) => times <= limit(key));
}

test('wherever the power is cut and whatever fails, the update ends in the release committed last', () => {
  fc.assert(
    fc.property(schedules, (schedule) => lawsHold(schedule, BOOK)),
    { numRuns: 20_000 },
  );
});

// biome-ignore format: the table is read by column
const MUTANTS: readonly (readonly [string, Driver])[] = [
  ['a failed switch is only discarded',         { ...BOOK, journey: { ...JOURNEY, switch: { ...JOURNEY.switch, onFailure: 'discard' } } }],
  ['a failed probation is committed',           { ...BOOK, journey: { ...JOURNEY, probation: { ...JOURNEY.probation, onFailure: 'report' } } }],
  ['the smoke test is begun again and again',   { ...BOOK, journey: { ...JOURNEY, 'smoke-test': { ...JOURNEY['smoke-test'], starts: 5 } } }],
  ['commit gives up',                           { ...BOOK, journey: { ...JOURNEY, commit: { ...JOURNEY.commit, onFailure: 'report' } } }],
  ['the journal is not written between steps',  { ...BOOK, writesBetweenSteps: false }],
  ['the first step acts before the journal',    { ...BOOK, writesFirstJournal: false }],
];
test.each(MUTANTS)('the laws catch a robot where %s', (_name, driver) => {
  const verdict = fc.check(
    fc.property(schedules, (schedule) => lawsHold(schedule, driver)),
    { numRuns: 20_000 },
  );
  expect(verdict.failed).toBe(true);
});
