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
  const goldens = made.ok ? parse(GoldenFile, made.value.goldens) : undefined;
  expect(goldens).toMatchObject({ ok: true, value: { cases: inputs.cases } });

  await writeFile(join(folder, 'goldens.json'), JSON.stringify(goldens?.ok && goldens.value));
  const built = await buildRelease({ folder, to: () => join(folder, 'duck.fairlead') });
  expect(built).toMatchObject({ ok: true, value: { smokeTests: { models: [{ cases: inputs.cases.length }] } } });
});

test('inputs that do not fit the model are refused with what the model takes', async () => {
  const folder = await newFolder();
  const path = join(folder, 'policy.onnx');
  await writeFile(path, makePolicy({ seed: 5 }).model);
  const inputs = { observation: { type: 'float32', dims: [24], data: Array.from({ length: 24 }, () => 0.5) } };
  const made = await makeGoldenFile(path, await inputsFile(JSON.stringify({ cases: [{ case: 'a', inputs }] })));
  expect(made).toMatchObject({
    refused: {
      category: 'input_mismatch',
      element: 'case "a"',
      detail:
        'Case "a": it feeds "observation", which the model does not have; it does not feed "obs". The model takes "obs" float32[1,24].',
    },
  });
});

test('a model that is not there, or cannot be part of a release, is named before anything is run', async () => {
  const folder = await newFolder();
  const spaced = join(folder, 'my policy.onnx');
  await writeFile(spaced, makePolicy({ seed: 5 }).model);
  await expect(makeGoldenFile(spaced, 'inputs.json')).rejects.toMatchObject({
    options: { where: spaced, hint: 'Rename the model: only letters, digits and . _ + @ - are allowed.' },
  });
  await expect(makeGoldenFile(join(folder, 'gone.onnx'), 'inputs.json')).rejects.toMatchObject({
    message: 'There is no such model file.',
  });
});

test('a model that needs more than its limits is refused with the options that raise them', async () => {
  const { model, inputs } = makePolicy({ seed: 5 });
  const path = join(await newFolder(), 'policy.onnx');
  await writeFile(path, model);
  const made = await makeGoldenFile(path, await inputsFile(JSON.stringify(inputs)), { maxMemoryMb: 20 });
  expect(made).toMatchObject({
    refused: { category: 'too_much_memory', hint: expect.stringContaining('Raise --timeout-sec') },
  });
});
