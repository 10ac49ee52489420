/** `fairlead release verify`: every byte of a `.fairlead` file is accounted for, without any network. */
import { accept, type Phase, type Refusal, type Result, refuse } from '@fairlead/shared/failure';
import { checkBundlePart } from '@fairlead/toolkit/bundle/check-bundle';
import { readChunks } from '@fairlead/toolkit/bundle/hash-file';
import { END_BYTES, paddingOf } from '@fairlead/toolkit/bundle/tar-format';
import { type OpenRelease, openReleaseFile } from './open-release-file.ts';

/** Accepts with the opened release. Refuses whatever openReleaseFile and checkBundle refuse, and bytes after the bundle. */
export async function verifyReleaseFile(file: string, phase: Phase = 'verify'): Promise<Result<OpenRelease, Refusal>> {
  const opened = await openReleaseFile(file, phase);
  if (!opened.ok) return opened;
  const { manifest, bundle } = opened.value;
  const checked = await checkBundlePart({ file, part: bundle, manifest, phase });
  if (!checked.ok) return checked;
  const tail = { start: bundle.start + bundle.length, length: paddingOf(bundle.length) + END_BYTES };
  for await (const chunk of readChunks(file, tail)) {
    if (chunk.every((byte) => byte === 0)) continue;
    const detail = 'There are bytes hidden behind the bundle.';
    const hint = 'Do not use this file: get or build it again.';
    return refuse({ phase, element: file.slice(-300), category: 'bad_archive', detail, retryable: false, hint });
  }
  return accept(opened.value);
}
