/** Reads a bundle without writing it anywhere. */
import { refuse } from '@fairlead/shared/failure';
import type { CheckBundle } from './bundle.ts';
import { hashFile, readChunks } from './hash-file.ts';
import { walkBundle } from './walk-bundle.ts';

/** Whole-file size and digest first: the decoder sees no byte that is not vouched for. Categories as of walkBundle. */
export const checkBundle: CheckBundle = async ({ bundle, manifest, phase }) => {
  const { size, sha256 } = await hashFile(bundle);
  if (size === manifest.bundle.size && sha256 === manifest.bundle.sha256) {
    return walkBundle({ source: readChunks(bundle), manifest, phase });
  }
  const [category, detail] =
    size === manifest.bundle.size
      ? ['hash', 'The bundle is not what the manifest says.']
      : ['length', `The bundle has ${size} bytes, not ${manifest.bundle.size}.`];
  const hint = 'Get the bundle again.';
  return refuse({ phase, component: manifest.component, element: 'bundle', category, detail, retryable: false, hint });
};
