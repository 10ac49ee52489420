/** What a model is, read at build time: the contract that the manifest then promises. */
import { accept, refuse } from '@fairlead/shared/failure';
import { ReleasePath } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { finding, toRefusal } from './findings.ts';
import { limitsOf } from './limits.ts';
import { runModelChild } from './run-model-child.ts';
import type { InspectModel } from './smoke-test.ts';

export const inspectModel: InspectModel = async ({ folder, path, component, limits = {} }) => {
  const model = parse(ReleasePath, path);
  if (!model.ok)
    return refuse(toRefusal(finding('file_missing', path, 'It is no path inside a release.'), 'build', component));
  const run = await runModelChild({ task: 'inspect', folder, model: model.value }, limitsOf(limits));
  const inspected = run.ok ? run.value.said.find((message) => message.kind === 'inspected') : undefined;
  if (inspected) return accept(inspected.contract);
  const found = run.ok ? finding('crashed', path, 'Its process ended without an answer.') : run.refused;
  return refuse(toRefusal(found, 'build', component));
};
