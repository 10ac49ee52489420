/**
 * The process that opens a model. It does one order and ends; it is started only by run-model-child.ts and
 * trusts nothing but that order. It writes its messages synchronously: what it was doing must already be
 * told when a native call hangs or aborts.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import type { GoldenCase } from '@fairlead/shared/release/golden';
import { type Finding, finding } from '../findings.ts';
import { type ChildMessage, ModelOrder } from '../model-protocol.ts';
import { answerGoldens } from './answer-goldens.ts';
import { inspect } from './inspect.ts';
import { type OpenModel, openModel } from './open-model.ts';
import { readGoldens } from './read-goldens.ts';
import { readLine } from './read-line.ts';
import { testModel } from './test-model.ts';
import { tryMutants } from './try-mutants.ts';
import { weaknessesOf } from './weak-goldens.ts';

const say = (message: ChildMessage): void => {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < line.length; ) written += writeSync(3, line, written);
};

/** Should memory run out, the kernel takes the test and not the robot's work. */
function volunteerForOutOfMemory(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux, or not allowed: the limits hold all the same.
  }
}

const doing = (what: string): void => say({ kind: 'doing', what: what.slice(0, 300) });

/** Reads the goldens before the model's limits are set; what they take is not the model's memory. */
async function prepare(order: ModelOrder): Promise<Result<readonly GoldenCase[], Finding>> {
  if (!('goldens' in order) || order.goldens.length === 0) return accept([]);
  doing('reading the goldens');
  return readGoldens(order, order.goldens);
}

async function obey(
  order: ModelOrder,
  goldens: readonly GoldenCase[],
): Promise<Result<ChildMessage | undefined, Finding>> {
  const { folder, model } = order;
  doing('reading the file');
  const inspected = await inspect({ folder, model, ...('files' in order ? { files: order.files } : {}) });
  if (!inspected.ok) return inspected;
  // The bytes that were inspected must not count against the model's memory.
  globalThis.gc?.();
  doing('loading');
  const opened = await openModel(folder, model, inspected.value);
  if (!opened.ok) return opened;
  try {
    if (order.task === 'inspect') return accept({ kind: 'inspected', contract: opened.value.contract });
    if (order.task === 'test') {
      const figures = await testModel(order, opened.value, goldens, doing);
      return figures.ok ? accept({ kind: 'passed', figures: figures.value }) : figures;
    }
    if (order.task === 'assess') return accept(await assess(order, opened.value, goldens));
    const cases: GoldenCase[] = [];
    for (const { case: name, inputs } of order.inputs.cases) {
      doing(`running case "${name}"`);
      const made = await answerGoldens(opened.value, name, inputs, order.nonFinite);
      if (!made.ok) return made;
      say({ kind: 'golden', outputs: made.value });
      cases.push({ case: name, inputs, outputs: made.value });
    }
    return accept(await assess(order, opened.value, cases));
  } finally {
    await opened.value.session.release();
  }
}

/** What these goldens, which the model passes, prove. */
async function assess(
  order: Extract<ModelOrder, { task: 'assess' | 'make-goldens' }>,
  model: OpenModel,
  cases: readonly GoldenCase[],
): Promise<ChildMessage> {
  const { folder, test, trialMs } = order;
  const outputs = model.contract.outputs.map(({ name }) => name);
  say({ kind: 'weaknesses', found: [...weaknessesOf(test, cases, outputs)] });
  const until = performance.now() + trialMs;
  return { kind: 'mutants', mutants: await tryMutants(model, { folder, test, cases, until }, doing) };
}

async function main(): Promise<void> {
  volunteerForOutOfMemory();
  say({ kind: 'ready' });
  const order = parse(ModelOrder, JSON.parse(readLine()));
  const result = order.ok
    ? await carryOut(order.value)
    : refuse(finding('could_not_run', 'order', order.refused.map(({ at, message }) => `${at} ${message}`).join('; ')));
  if (!result.ok) say({ kind: 'refused', found: result.refused });
  else if (result.value) say(result.value);
}

async function carryOut(order: ModelOrder): Promise<Result<ChildMessage | undefined, Finding>> {
  const goldens = await prepare(order);
  if (!goldens.ok) return goldens;
  globalThis.gc?.();
  say({ kind: 'prepared' });
  readLine();
  return obey(order, goldens.value);
}

await main();
