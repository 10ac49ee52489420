/** An author's folder, read and checked as far as that goes without running anything. */
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import type { ReleaseFile } from '@fairlead/shared/release/manifest';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import type { BuildRefusal } from './build-refusal.ts';
import { checkSmokeTestPaths } from './check-smoke-test-paths.ts';
import { describeFiles } from './describe-files.ts';
import { listFiles } from './list-files.ts';
import { checkModelFormats } from './model-formats.ts';
import { readReleaseYaml } from './read-release-yaml.ts';
import { selectFiles } from './select-files.ts';

export interface Author {
  readonly release: ReleaseYaml;
  /** What will be packed, sorted. */
  readonly files: readonly ReleaseFile[];
}

export async function readAuthorFolder(folder: string): Promise<Result<Author, BuildRefusal>> {
  const { value: release, locate, mistakes } = await readReleaseYaml(folder);
  if (!release) return refuse({ mistakes });
  const { selected, mistakes: selection } = selectFiles(await listFiles(folder), release.files);
  const paths = selected.map(({ path }) => path);
  const found = [
    ...selection,
    ...checkSmokeTestPaths(release.smokeTests ?? [], paths),
    ...checkModelFormats(release.files, paths),
  ];
  const all = [...mistakes, ...locate(found)];
  if (all.length > 0) return refuse({ mistakes: all });
  const files = await describeFiles(folder, selected);
  return files.ok ? accept({ release, files: files.value }) : refuse({ refusal: files.refused });
}
