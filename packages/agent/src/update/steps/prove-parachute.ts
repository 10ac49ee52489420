/**
 * Beat 10: what we would fall back to is measured again and the state it needs is saved, before anything is
 * switched. A first installation has nothing to fall back to; its declared state is saved all the same.
 */
import { checkRestorable } from '../../state-backup/check-state.ts';
import { saveState } from '../../state-backup/save-state.ts';
import { isRepair } from '../repair.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const proveParachute =
  (deps: Pick<StepDeps, 'folderOf'>): StepFunction =>
  async ({ journal }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readManifest(journal.candidate, 'prove-parachute');
    if (!manifest.ok) return manifest;
    // What is replaced because it is damaged is no parachute, and there is no other.
    if (journal.current && !isRepair(journal)) {
      const measured = await folder.measure(journal.current, 'prove-parachute');
      if (!measured.ok) {
        const { category, detail } = measured.refused;
        const hint = 'Run `fairlead-agent rollback` on the robot, then deploy again; find out who changed its files.';
        return {
          ok: false,
          refused: {
            ...measured.refused,
            category: 'parachute_damaged',
            detail: `The running release ${journal.current.version} is no longer what was signed (${category}): ${detail}`,
            hint,
          },
        };
      }
    }
    const backup = manifest.value.state?.backup ?? [];
    if (backup.length === 0) return { ok: true };
    const saved = folder.paths.stateBackup(journal.deployment);
    await saveState(saved, backup);
    // What could not be restored is found now, and not when a rollback needs it.
    await checkRestorable(saved);
    return { ok: true, stateBackup: `state-backups/${journal.deployment}` };
  };
