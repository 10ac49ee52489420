import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '@fairlead/shared/parse';
import { GoldenFile } from '@fairlead/shared/release/golden';
import { expect, test } from 'vitest';
import { makePolicy } from '../../../../scripts/policies/make-policy.ts';
import { buildRelease } from './build-release.ts';
import { makeGoldenFile } from './golden-file.ts';
import { authorFolder, newFolder } from './testing/author-folder.ts';

async function inputsFile(text: string) {
  const file = join(await newFolder(), 'inputs.json');
  await writeFile(file, text);
  return file;
}

test('goldens made from inputs carry the release through its own build', async () => {
  const { model, inputs } = makePolicy({ seed: 5 });
  const onnx = '{model: policy.onnx, goldens: goldens.json}';
  const yaml = `component: duck\nversion: 1.0.0\nsmokeTests:\n  - onnx: ${onnx}\n`;
  const folder = await authorFolder({ 'release.yaml': yaml });
  await writeFile(join(folder, 'policy.onnx'), model);
  const made = await makeGoldenFile(join(folder, 'policy.onnx'), await inputsFile(JSON.stringify(inputs)));
  const goldens = made.ok ? parse(GoldenFile, made.value) : undefined;
  expect(goldens).toMatchObject({ ok: true, value: { cases: inputs.cases } });

  await writeFile(join(folder, 'goldens.json'), JSON.stringify(goldens?.ok && goldens.value));
  const built = await buildRelease({ folder, to: () => join(folder, 'duck.fairlead') });
  expect(built).toMatchObject({ ok: true, value: { smokeTests: { models: [{ cases: inputs.cases.length }] } } });
});

test.each([
  ['are no JSON', 'cases:', /It is not JSON/],
  ['have no cases', '{"cases": []}', /\/cases: must not have fewer than 1 items/],
  [
    'name no type',
    '{"cases": [{"case": "a", "inputs": {"obs": {"dims": [1], "data": [0]}}}]}',
    /required properties type/,
  ],
])('inputs that %s are told with their place', async (_, text, mistake) => {
  const file = await inputsFile(text);
  const made = makeGoldenFile('policy.onnx', file);
  await expect(made).rejects.toMatchObject({ options: { where: file, mistakes: [expect.stringMatching(mistake)] } });
});
