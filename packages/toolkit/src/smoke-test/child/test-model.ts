/** The smoke test of one opened model, in the order in which each step may rely on the one before. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { GoldenCase } from '@fairlead/shared/release/golden';
import { type Finding, finding } from '../findings.ts';
import { peakResidentMb } from '../memory-watch.ts';
import type { Figures, TestOrder } from '../model-protocol.ts';
import { ask, toFeeds } from './ask.ts';
import { checkContract } from './check-contract.ts';
import { checkGoldens, checkRange } from './check-goldens.ts';
import { dummyInputs } from './dummy-inputs.ts';
import { measureLatency, type ProvenCase } from './measure-latency.ts';
import type { OpenModel } from './open-model.ts';

export async function testModel(
  order: TestOrder,
  model: OpenModel,
  goldens: readonly GoldenCase[],
  doing: (what: string) => void,
): Promise<Result<Figures, Finding>> {
  const { test } = order;
  const broken = checkContract(model.contract, order.contract);
  if (broken) return refuse(broken);
  const proven =
    order.goldens.length > 0 ? await checkGoldens(model, test, goldens, doing) : await tryDummies(order, model, doing);
  if (!proven.ok) return proven;
  const latency = await measureLatency(model, test, proven.value, doing);
  if (!latency.ok) return latency;
  const cases = order.goldens.length > 0 ? proven.value.length : 0;
  return accept({ loadMs: model.loadMs, ...latency.value, peakMemoryMb: peakResidentMb('self'), cases });
}

async function tryDummies(
  { test }: TestOrder,
  model: OpenModel,
  doing: (what: string) => void,
): Promise<Result<readonly ProvenCase[], Finding>> {
  const all: ProvenCase[] = [];
  for (const inputs of dummyInputs(model.contract)) {
    doing('running made-up inputs');
    const feeds = toFeeds(model, inputs);
    if (!feeds.ok) return refuse(finding('model_failed', test.model, `Made-up inputs: ${feeds.refused.why}.`));
    const answer = await ask(model, 'made-up inputs', feeds.value);
    if (!answer.ok) return answer;
    const wrong = checkRange(test, 'made-up inputs', answer.value);
    if (wrong) return refuse(wrong);
    all.push({ name: 'made-up inputs', feeds: feeds.value, tensors: answer.value.tensors });
  }
  return accept(all);
}
