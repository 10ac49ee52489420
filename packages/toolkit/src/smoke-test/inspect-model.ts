/** What a model is, read at build time: the contract that the manifest then promises. */
import { accept, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { finding, toRefusal } from './findings.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { runModelChild } from './run-model-child.ts';
import type { InspectModel } from './smoke-test.ts';

/** Loads one model in a guarded child (20 s, 1024 MiB) and reads its contract; nothing is run. */
export const inspectModel: InspectModel = async ({ folder, path, component }) => {
  const model = parse(ReleasePath, path);
  if (!model.ok)
    return refuse(toRefusal(finding('file_missing', path, 'It is no path inside a release.'), 'build', component));
  const run = await runModelChild({ task: 'inspect', folder, model: model.value }, DEFAULT_LIMITS);
  const inspected = run.ok ? run.value.said.find((message) => message.kind === 'inspected') : undefined;
  if (inspected) return accept(inspected.contract);
  const found = run.ok ? finding('crashed', path, 'Its process ended without an answer.') : run.refused;
  return refuse(toRefusal(found, 'build', component));
};
