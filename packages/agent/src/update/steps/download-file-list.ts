/** The list of files that a manifest names by digest: fetched first, compared with what was signed, then kept beside the manifest. */
import { readFile } from 'node:fs/promises';
import { withFiles } from '@fairlead/shared/release/file-list';
import type { FileListReference, Manifest } from '@fairlead/shared/release/manifest';
import type { StepResult } from '@fairlead/shared/update/journey';
import { removePart } from '../../download/part-file.ts';
import type { ReleaseFolder } from '../../releases/release-folder.ts';
import type { Update } from '../steps.ts';
import { downloadBlob } from './download-blob.ts';

interface Wanted {
  readonly manifest: Manifest;
  readonly fileList: FileListReference;
  readonly folder: ReleaseFolder;
}

/** Refused where the bytes are not those that were signed (retryable: the next download begins anew), or are no sound list. */
export async function downloadFileList(
  { manifest, fileList, folder }: Wanted,
  deps: Parameters<typeof downloadBlob>[1],
  update: Update,
): Promise<StepResult> {
  // Its share of the whole is too small to show.
  const downloaded = await downloadBlob(fileList, deps, update, () => undefined);
  if (!downloaded.ok) return downloaded;
  const part = deps.layout.part(fileList.sha256);
  const list = await readFile(part);
  const checked = withFiles(manifest, list, 'download');
  // Never resumed from where it is wrong, and not needed any more where it is right.
  await removePart(part);
  if (!checked.ok)
    return { ok: false, refused: { ...checked.refused, retryable: checked.refused.category === 'hash' } };
  await folder.saveFileList(update.journal.candidate, list);
  return { ok: true };
}
