/** All smoke tests of a release, one after the other; the first refusal ends it. */
import { accept, refuse } from '@fairlead/shared/failure';
import type { SmokeTest } from '@fairlead/shared/release/release-yaml';
import { toRefusal } from './findings.ts';
import { missingLimits } from './process-limits.ts';
import type { ModelFigures, RunSmokeTests, SmokeTestOrder } from './smoke-test.ts';
import { testCommand } from './test-command.ts';
import { testOneModel } from './test-one-model.ts';

/** Never throws because of a model; each test ends within the time that its limit allows (limits.ts) plus two seconds. */
export const runSmokeTests: RunSmokeTests = async (order) => {
  const tests = plan(order);
  const models: ModelFigures[] = [];
  const commands: { run: string; ms: number }[] = [];
  for (const [done, test] of tests.entries()) {
    const name = 'onnx' in test ? test.onnx.model : test.command.run.join(' ');
    order.onProgress?.({ test: name, done, total: tests.length });
    const result = 'onnx' in test ? await testOneModel(order, test.onnx) : await testCommand(order, test.command);
    if (!result.ok) return refuse(toRefusal(result.refused, order.phase, order.manifest.component));
    if ('model' in result.value) models.push(result.value);
    else commands.push(result.value);
  }
  const warnings = [missingLimits() ?? [], models.flatMap(disturbance)].flat();
  return accept({ models, commands, ...(warnings.length > 0 && { warnings }) });
};

/** Too few to notice, as the budget itself allows them. */
const DISTURBED = 0.05;

function disturbance({ model, disturbedRuns, runs }: ModelFigures): string[] {
  if (disturbedRuns <= runs * DISTURBED) return [];
  return [
    `${model}: ${disturbedRuns} of ${runs} runs took longer than p95Ms by the clock, but not in processor time: this machine was busy.`,
  ];
}

/** What the author listed, plus every model that was not: no model reaches a robot without having been run. */
export function plan({ manifest }: Pick<SmokeTestOrder, 'manifest'>): readonly SmokeTest[] {
  const listed = manifest.smokeTests ?? [];
  const tested = new Set(listed.map((test) => ('onnx' in test ? test.onnx.model : '')));
  const rest = manifest.models.filter(({ path }) => !tested.has(path));
  return [...rest.map(({ path }) => ({ onnx: { model: path } })), ...listed];
}
