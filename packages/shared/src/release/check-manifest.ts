/** What must hold between the parts of a manifest: everything it names is a file of it, in one fixed order. */
import type { Mistake } from '../parse.ts';
import { checkPaths } from './check-paths.ts';
import { checkSections } from './check-sections.ts';
import type { Manifest } from './manifest.ts';

export interface ManifestMistake extends Mistake {
  readonly category: 'bad_manifest' | 'path' | 'too_big' | 'empty';
}

/** All mistakes, the most fundamental first; empty for a sound manifest. */
export function checkManifest(manifest: Manifest): ManifestMistake[] {
  const paths = checkPaths(manifest.files);
  if (!paths.ok) return [{ at: '/files', message: paths.refused.detail, category: paths.refused.category }];
  const mistakes = [...checkOrder(manifest), ...checkModels(manifest), ...checkSections(manifest)];
  return mistakes.map((mistake) => ({ ...mistake, category: 'bad_manifest' }));
}

/** The bundle's entries come in this order, so it is part of what is signed. */
function checkOrder({ files }: Manifest): Mistake[] {
  const index = files.findIndex(({ path }, at) => at > 0 && path <= (files[at - 1]?.path ?? ''));
  return index < 0 ? [] : [{ at: `/files/${index}`, message: 'files must be sorted by path' }];
}

function checkModels({ files, models, smokeTests = [] }: Manifest): Mistake[] {
  const paths = new Set<string>(files.map(({ path }) => path));
  const mistakes: Mistake[] = [];
  const inspected = new Set<string>();
  models.forEach(({ path, externalData }, index) => {
    if (inspected.has(path)) mistakes.push({ at: `/models/${index}/path`, message: `${path} is listed twice` });
    inspected.add(path);
    // A model that reads beside the release could be changed without changing a signed byte.
    for (const file of [path, ...externalData]) {
      if (!paths.has(file)) mistakes.push({ at: `/models/${index}`, message: `${file} is not a file of the release` });
    }
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
