/** What must hold between the parts of a manifest: everything it names is a file of it, in one fixed order. */
import type { Mistake } from '../parse.ts';
import { checkPaths } from './check-paths.ts';
import { checkSections } from './check-sections.ts';
import { MANIFEST_SCHEMA_WITH_LIST, type Manifest, type ReleaseFile } from './manifest.ts';

export interface ManifestMistake extends Mistake {
  readonly category: 'bad_manifest' | 'path' | 'too_big' | 'empty';
}

/** All mistakes, the most fundamental first; empty for a sound manifest. Of a list by digest only its reference is here. */
export function checkManifest(manifest: Manifest): ManifestMistake[] {
  const { schema, files, fileList } = manifest;
  const isByDigest = schema === MANIFEST_SCHEMA_WITH_LIST;
  if ((files === undefined) !== isByDigest || (fileList !== undefined) !== isByDigest) {
    const message = `${schema} needs ${isByDigest ? 'fileList, and no files' : 'files, and no fileList'}`;
    return [{ at: '', message, category: 'bad_manifest' }];
  }
  const inFiles = files ? checkFiles(manifest, files) : [];
  if (inFiles.some(({ category }) => category !== 'bad_manifest')) return inFiles;
  const mistakes = [...checkModels(manifest), ...checkSections(manifest)];
  return [...inFiles, ...mistakes.map((mistake) => ({ ...mistake, category: 'bad_manifest' as const }))];
}

/** What must hold between a manifest and its list of files. */
export function checkFiles({ models }: Pick<Manifest, 'models'>, files: readonly ReleaseFile[]): ManifestMistake[] {
  const paths = checkPaths(files);
  if (!paths.ok) return [{ at: '/files', message: paths.refused.detail, category: paths.refused.category }];
  const mistakes = [...checkOrder(files), ...checkModelFiles(models, files)];
  return mistakes.map((mistake) => ({ ...mistake, category: 'bad_manifest' }));
}

/** The bundle's entries come in this order, so it is part of what is signed. */
function checkOrder(files: readonly ReleaseFile[]): Mistake[] {
  const index = files.findIndex(({ path }, at) => at > 0 && path <= (files[at - 1]?.path ?? ''));
  return index < 0 ? [] : [{ at: `/files/${index}`, message: 'files must be sorted by path' }];
}

/** A model that reads beside the release could be changed without changing a signed byte. */
function checkModelFiles(models: Manifest['models'], files: readonly ReleaseFile[]): Mistake[] {
  const paths = new Set<string>(files.map(({ path }) => path));
  return models.flatMap(({ path, externalData }, index) =>
    [path, ...externalData]
      .filter((file) => !paths.has(file))
      .map((file) => ({ at: `/models/${index}`, message: `${file} is not a file of the release` })),
  );
}

function checkModels({ models, smokeTests = [] }: Manifest): Mistake[] {
  const mistakes: Mistake[] = [];
  const inspected = new Set<string>();
  models.forEach(({ path }, index) => {
    if (inspected.has(path)) mistakes.push({ at: `/models/${index}/path`, message: `${path} is listed twice` });
    inspected.add(path);
  });
  smokeTests.forEach((test, index) => {
    if ('onnx' in test && !inspected.has(test.onnx.model)) {
      mistakes.push({
        at: `/smokeTests/${index}/onnx/model`,
        message: `${test.onnx.model} is not a model of the release`,
      });
    }
  });
  return mistakes;
}
