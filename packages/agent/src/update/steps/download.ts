/** Beat 6: bring the list of files and the bundle to this robot, however often the line drops. */
import { SECOND } from '@fairlead/shared/time';
import { reclaimFolder } from '../../releases/reclaim.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction, Update } from '../steps.ts';
import { clearDamagedCandidate } from './clear-damaged-candidate.ts';
import { downloadBlob } from './download-blob.ts';
import { downloadFileList } from './download-file-list.ts';

type Deps = Pick<
  StepDeps,
  'layout' | 'folderOf' | 'blobs' | 'pace' | 'clock' | 'elapsed' | 'sleep' | 'random' | 'mayDownload'
>;
/** A link that changes is posted, which wakes whoever waits for it. */
const LINK_AGAIN_MS = 30 * SECOND;

export const download =
  (deps: Deps): StepFunction =>
  async (update) => {
    const { candidate } = update.journal;
    const folder = await deps.folderOf(update.journal.component);
    const manifest = await folder.readManifest(candidate, 'download');
    if (!manifest.ok) return manifest;
    const { fileList, bundle } = manifest.value;
    // First: without the list nothing of the release can be measured, not even what is here already.
    if (fileList && !(await folder.readWithFiles(candidate, 'download')).ok) {
      await untilLinkAllows(update, deps);
      await reclaimFolder(deps.layout.downloads);
      const listed = await downloadFileList({ manifest: manifest.value, fileList, folder }, deps, update);
      if (!listed.ok) return listed;
    }
    if (await clearDamagedCandidate(folder, candidate)) return { ok: true };
    await untilLinkAllows(update, deps);
    await reclaimFolder(deps.layout.downloads);
    return downloadBlob(bundle, deps, update, update.progress);
  };

/** Asked before a download begins; one that runs is not torn off for a link that changes under it. */
async function untilLinkAllows({ journal, signal, waits, order }: Update, deps: Deps): Promise<void> {
  for (;;) {
    const news = order.news();
    const refused = await deps.mayDownload(journal.component);
    waits(refused);
    if (!refused) return;
    await deps.sleep(LINK_AGAIN_MS, AbortSignal.any([signal, news]));
    signal.throwIfAborted();
  }
}
