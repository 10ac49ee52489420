/** Beat 7: every byte of the packed bundle against the signed manifest, before any of it is unpacked. */
import { hashFile } from '@fairlead/toolkit/bundle/hash-file';
import { isMissing } from '@fairlead/toolkit/file-error';
import { removePart } from '../../download/part-file.ts';
import type { StepDeps } from '../step-deps.ts';
import type { StepFunction } from '../steps.ts';

export const verify =
  (deps: Pick<StepDeps, 'layout' | 'folderOf'>): StepFunction =>
  async ({ journal }) => {
    const folder = await deps.folderOf(journal.component);
    const manifest = await folder.readManifest(journal.candidate, 'verify');
    if (!manifest.ok) return manifest;
    const { bundle } = manifest.value;
    const file = deps.layout.part(bundle.sha256);
    const measured = await hashFile(file).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (measured?.sha256 === bundle.sha256 && measured.size === bundle.size) return { ok: true };
    if (!measured && (await folder.measure(journal.candidate, 'verify')).ok) return { ok: true };
    // A wrong blob is not resumed from (attack 2): its next download begins with the first byte.
    await removePart(file);
    return {
      ok: false,
      refused: {
        phase: 'verify',
        component: journal.component,
        element: bundle.sha256,
        category: measured ? 'hash' : 'io',
        detail: measured
          ? `The downloaded bundle has SHA-256 ${measured.sha256} and ${measured.size} bytes, not the ${bundle.size} that were signed.`
          : 'The downloaded bundle is no longer on the disk.',
        retryable: true,
        hint: 'Deploy the release again; if it happens twice, compare the blob on the server with the release file.',
      },
    };
  };
