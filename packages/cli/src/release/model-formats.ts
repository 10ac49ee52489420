/** Which files are models: those that Fairlead loads and tests, and those in formats that it cannot load. */
import { basename } from 'node:path';
import type { Mistake } from '@fairlead/shared/parse';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';

/** ONNX models by their name; a smoke test may name others. */
export const isModel = (path: string): boolean => /\.onnx$/i.test(basename(path));

/** Endings that mean a model and nothing else. */
const UNTESTABLE: readonly (readonly [RegExp, string])[] = [
  [/\.ort$/i, 'a model in the ORT format of ONNX Runtime'],
  [/\.onnx\.(gz|zip|zst|xz|bz2)$/i, 'a compressed model'],
  [/\.(engine|plan|trt)$/i, 'a TensorRT engine'],
  [/\.(pt|pth|ptl|pt2|torchscript)$/i, 'a PyTorch model'],
  [/\.tflite$/i, 'a TensorFlow Lite model'],
  [/\.(keras|h5)$/i, 'a Keras model'],
  [/\.safetensors$/i, 'a safetensors model'],
  [/\.gguf$/i, 'a GGUF model'],
  [/\.(rknn|hef|dlc|mnn|mlmodel|caffemodel)$/i, 'a model of another runtime'],
];

/** What a file is whose name says that it is a model Fairlead cannot load; undefined for every other file. */
export const untestableFormat = (path: string): string | undefined =>
  UNTESTABLE.find(([ending]) => ending.test(basename(path)))?.[1];

/** Mistakes by JSON pointer into release.yaml: models that nothing would test, and names that name no such model. */
export function checkModelFormats(files: ReleaseYaml['files'], paths: readonly string[]): Mistake[] {
  const named: readonly string[] = files?.untestedModels ?? [];
  const untestable = paths.flatMap((path) => {
    const format = untestableFormat(path);
    if (format === undefined || named.includes(path)) return [];
    const next = 'pack an .onnx file instead, exclude it, or name it in files.untestedModels';
    return [{ at: '/files', message: `${path} is ${format}, which Fairlead cannot test; ${next}` }];
  });
  const misnamed = named.flatMap((path, index) => {
    const at = `/files/untestedModels/${index}`;
    if (!paths.includes(path)) return [{ at, message: `"${path}" is not a file of this release` }];
    if (!isModel(path)) return [];
    return [{ at, message: `${path} is a model that Fairlead tests: leave it out of this list` }];
  });
  return [...untestable, ...misnamed];
}

/** One sentence for each model that is packed without a test. */
export const untestedWarnings = (files: ReleaseYaml['files']): string[] =>
  (files?.untestedModels ?? []).map((path) => {
    const format = untestableFormat(path);
    return `${path}${format === undefined ? '' : ` (${format})`} is packed without a test: robots run it before anything has proven it`;
  });
