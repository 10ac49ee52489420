import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildError } from './build-refusal.ts';
import { buildRelease } from './build-release.ts';
import { authorFolder } from './testing/author-folder.ts';

const YAML = 'component: duck\nversion: 1.0.0\n';

async function build(files: Readonly<Record<string, string>>) {
  const folder = await authorFolder({ 'run.sh': '', ...files });
  const built = await buildRelease({ folder, to: () => join(folder, 'duck.fairlead') });
  return built.ok ? built.value : buildError(built.refused, folder);
}

describe('no model is packed without a test in silence', () => {
  test.each(['Vision.ONNX', 'vision.OnNx'])('%s is examined as an ONNX model', async (path) => {
    expect(await build({ [path]: 'not a model' })).toMatchObject({
      options: { where: path, refusal: { category: 'model_unloadable' } },
    });
  });

  test('models in formats that Fairlead cannot load are refused, all at once', async () => {
    const error = await build({ 'vision.ort': 'x', 'engines/Vision.ENGINE': 'x', 'policy.onnx.gz': 'x' });
    expect(error).toMatchObject({
      options: {
        mistakes: [
          'release.yaml:1: files: engines/Vision.ENGINE is a TensorRT engine, which Fairlead cannot test; pack an .onnx file instead, exclude it, or name it in files.untestedModels',
          expect.stringContaining('policy.onnx.gz is a compressed model'),
          expect.stringContaining('vision.ort is a model in the ORT format of ONNX Runtime'),
        ],
      },
    });
  });

  test('a model that release.yaml names as untested is packed with a warning', async () => {
    const yaml = `${YAML}files: {untestedModels: [vision.engine]}\n`;
    expect(await build({ 'release.yaml': yaml, 'vision.engine': 'x' })).toMatchObject({
      manifest: { models: [], files: [{ path: 'run.sh' }, { path: 'vision.engine' }] },
      warnings: [
        'vision.engine (a TensorRT engine) is packed without a test: robots run it before anything has proven it',
      ],
    });
  });

  test('an untested model that is not there, or that can be tested, is a mistake', async () => {
    const yaml = `${YAML}files:\n  untestedModels:\n    - gone.engine\n    - policy.onnx\n`;
    expect(await build({ 'release.yaml': yaml, 'policy.onnx': 'x' })).toMatchObject({
      options: {
        mistakes: [
          'release.yaml:5: files.untestedModels.0: "gone.engine" is not a file of this release',
          'release.yaml:6: files.untestedModels.1: policy.onnx is a model that Fairlead tests: leave it out of this list',
        ],
      },
    });
  });
});
