import { Failure, type Refusal } from '@fairlead/shared/failure';
import { testClock } from '@fairlead/shared/testing/test-clock';
import type { Journal } from '@fairlead/shared/update/journal';
import type { StepResult } from '@fairlead/shared/update/journey';
import { begin } from '@fairlead/shared/update/journey';
import type { Step } from '@fairlead/shared/update/step';
import { STEPS } from '@fairlead/shared/update/step';
import { expect, test } from 'vitest';
import { sampleJournal } from '../journal/journal-store-contract.ts';
import { memoryJournalStore } from '../journal/memory-journal-store.ts';
import { runUpdate } from './run-update.ts';
import { standingOrders } from './standing-order.ts';
import type { StepFunction, Steps } from './steps.ts';

const REFUSAL: Refusal = { phase: 'verify', element: 'x', category: 'hash', detail: '', retryable: false, hint: '' };

/** A driver over steps that answer as told; `trace` is what happened to disk and steps, in order. */
function driver(answers: Partial<Record<Step, StepFunction>> = {}, onWrite: (journal: Journal) => void = () => {}) {
  const trace: string[] = [];
  const stop = new AbortController();
  const cancel = new AbortController();
  const store = memoryJournalStore((journal) => {
    onWrite(journal);
    trace.push(`write ${journal.step}${journal.paused ? ' paused' : ''}`);
  });
  const stepOf = (step: Step): [Step, StepFunction] => [
    step,
    async (update) => {
      trace.push(`act ${step}`);
      return (await answers[step]?.(update)) ?? { ok: true };
    },
  ];
  const steps = Object.fromEntries(STEPS.map(stepOf)) as Steps;
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
  };
  const waited: (string | undefined)[] = [];
  const watch = { progress: () => {}, waits: (reason: Refusal | undefined) => waited.push(reason?.category) };
  const run = (journal: Journal = begin(sampleJournal(), undefined, 0)) =>
    runUpdate(
      journal,
      { store, steps, clock: testClock(0), sleep, random: () => 1 },
      {
        stop: stop.signal,
        cancel: cancel.signal,
        watch,
        order: standingOrders().of(journal.deployment),
        onStep: () => {},
        onStepEnded: () => {},
        onStuck: async () => void trace.push('stuck'),
      },
    );
  return { run, trace, stop, cancel, slept, waited };
}
const no: StepResult = { ok: false, refused: REFUSAL };

test('no step acts before its journal is durable', async () => {
  const { run, trace } = driver();
  await run();
  const acted = trace.flatMap((line, at) => (line.startsWith('act') ? [[trace[at - 1], line]] : []));
  expect(acted.length).toBe(10);
  for (const [before, line] of acted) expect(before).toBe(line?.replace('act', 'write'));
});

test('a disk that takes no journal is waited for: nothing acts meanwhile, and the reason can be seen', async () => {
  let full = 3;
  const { run, trace, waited } = driver({}, () => {
    if (full-- > 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  });
  await run();
  expect(trace[0]).toBe('write download');
  expect(waited).toEqual(['disk_full', 'disk_full', 'disk_full']);
});

test.each([
  ['smoke-test', 0],
  ['switch', 1],
  ['roll-back', 1],
])('an update that a full disk holds up before its %s leaves the application running', async (step, asked) => {
  let full = 3;
  const { run, trace } = driver({ probation: async () => no }, (journal) => {
    if (journal.step === step && full-- > 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  });
  await run();
  expect(trace.filter((line) => line === 'stuck')).toHaveLength(asked);
});

test('a commit that fails is tried again with growing pauses', async () => {
  let failing = 3;
  const { run, trace, slept } = driver({ commit: async () => (failing-- > 0 ? no : { ok: true }) });
  expect((await run()).outcome).toBe('succeeded');
  expect(trace.filter((line) => line === 'act commit')).toHaveLength(4);
  expect(slept).toEqual([1000, 2000, 4000]);
});

test('a step that throws is a refusal with its reason, never the end of the agent', async () => {
  const broken = async () => {
    throw new Failure({ ...REFUSAL, category: 'disk_full' });
  };
  expect(await driver({ stage: broken }).run()).toMatchObject({
    outcome: 'failed',
    refusal: { category: 'disk_full' },
  });
  const defect = async () => {
    throw new TypeError('x is undefined');
  };
  expect(await driver({ verify: defect }).run()).toMatchObject({
    outcome: 'failed',
    refusal: { category: 'unexpected' },
  });
});

test('an agent that is asked to stop leaves the step it is in, uncharged', async () => {
  const { run, trace, stop } = driver({
    'smoke-test': async () => {
      stop.abort();
      return no;
    },
  });
  expect(await run()).toMatchObject({ step: 'smoke-test', starts: 1, paused: true });
  expect(trace.at(-1)).toBe('write smoke-test paused');
});

test('an agent that is asked to stop does not begin the next step', async () => {
  const { run, trace, stop } = driver({
    stage: async () => {
      stop.abort();
      return { ok: true };
    },
  });
  expect(await run()).toMatchObject({ step: 'smoke-test', paused: true });
  expect(trace).not.toContain('act smoke-test');
});

test('a cancelled update ends as cancelled before the switch, and goes its way after it', async () => {
  for (const [step, outcome] of [
    ['download', 'cancelled'],
    ['wait', 'cancelled'],
    ['switch', 'succeeded'],
    ['probation', 'succeeded'],
  ] as const) {
    const { run, cancel } = driver({
      [step]: async () => {
        cancel.abort();
        return { ok: true };
      },
    });
    expect((await run()).outcome, step).toBe(outcome);
  }
});
