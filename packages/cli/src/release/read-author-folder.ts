/** An author's folder, read and checked as far as that goes without running anything. */
import { accept, Failure, type Result, refuse } from '@fairlead/shared/failure';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import type { BuildRefusal } from './build-refusal.ts';
import { checkContent } from './check-content.ts';
import { checkSmokeTestPaths } from './check-smoke-test-paths.ts';
import { describeFiles } from './describe-files.ts';
import { checkModelFormats } from './model-formats.ts';
import { readReleaseYaml } from './read-release-yaml.ts';
import { selectFiles } from './select-files.ts';

export interface Author {
  readonly release: ReleaseYaml;
  /** What will be packed, sorted. */
  readonly files: readonly ReleaseFile[];
  /** What no robot needs and is not packed: files, and folders with a "/" at the end. */
  readonly leftOut: readonly string[];
  /** What its author should know of the selection, one sentence each. */
  readonly warnings: readonly string[];
}

/** Refused with the first file or folder that can't be read, or with all mistakes. */
export async function readAuthorFolder(folder: string): Promise<Result<Author, BuildRefusal>> {
  try {
    return await readFolder(folder);
  } catch (error) {
    if (error instanceof Failure) return refuse({ refusal: error.refusal });
    throw error;
  }
}

async function readFolder(folder: string): Promise<Result<Author, BuildRefusal>> {
  const { value: release, locate, mistakes } = await readReleaseYaml(folder);
  if (!release) return refuse({ mistakes });
  const { selected, leftOut, warnings, ...selection } = await selectFiles(folder, release.files);
  const paths = selected.map(({ path }) => path);
  const found = [
    ...selection.mistakes,
    ...(await checkContent(folder, selected, release.files)),
    ...checkSmokeTestPaths(release.smokeTests ?? [], paths),
    ...checkModelFormats(release.files, paths),
  ];
  const all = [...mistakes, ...locate(found)];
  if (all.length > 0) return refuse({ mistakes: all });
  const files = await describeFiles(folder, selected);
  return files.ok ? accept({ release, files: files.value, leftOut, warnings }) : refuse({ refusal: files.refused });
}
