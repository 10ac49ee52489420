/** Reads a bundle without writing it anywhere. */
import { createHash } from 'node:crypto';
import { type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import type { ManifestWithFiles } from '@fairlead/shared/release/manifest';
import type { CheckBundle } from './bundle.ts';
import { digestOf, readChunks } from './hash-file.ts';
import { walkBundle } from './walk-bundle.ts';

/** Whole-file size and digest first: the decoder sees no byte that is not vouched for. Categories as of walkBundle. */
export const checkBundle: CheckBundle = ({ bundle, manifest, phase }) =>
  checkBundlePart({ file: bundle, part: { start: 0, length: Infinity }, manifest, phase });

/** The same for a bundle that lies inside another file. */
export async function checkBundlePart(order: {
  readonly file: string;
  readonly part: { readonly start: number; readonly length: number };
  readonly manifest: ManifestWithFiles;
  readonly phase: Phase;
}): Promise<Result<void, Refusal>> {
  const { file, part, manifest, phase } = order;
  const no = (category: string, detail: string): Result<never, Refusal> => {
    const hint = 'Get the bundle again.';
    return refuse({
      phase,
      component: manifest.component,
      element: 'bundle',
      category,
      detail,
      retryable: false,
      hint,
    });
  };
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of readChunks(file, part)) {
    hash.update(chunk);
    size += chunk.length;
  }
  if (size !== manifest.bundle.size) return no('length', `The bundle has ${size} bytes, not ${manifest.bundle.size}.`);
  if (digestOf(hash) !== manifest.bundle.sha256) return no('hash', 'The bundle is not what the manifest says.');
  return walkBundle({ source: readChunks(file, part), manifest, phase });
}
