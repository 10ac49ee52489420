/** Which files of the author's folder become the release. */
import type { Mistake } from '@fairlead/shared/parse';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import { filePatterns, readIgnoreFile, uselessPatterns } from './file-patterns.ts';
import { JUNK, OWN_FILES } from './junk.ts';
import { type Found, listFiles } from './list-files.ts';

export interface Selection {
  readonly selected: readonly Found[];
  /** What no robot needs: files, and folders with a "/" at the end. */
  readonly leftOut: readonly string[];
  /** Patterns of `include` that select nothing, by JSON pointer into release.yaml: most often a misspelt folder. */
  readonly mistakes: readonly Mistake[];
  /** Patterns of `exclude` that exclude nothing, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * `include` defaults to everything, and `.fairleadignore` comes before `exclude`; all follow the rules of .gitignore. Never packed:
 * release.yaml itself, built releases, and junk.
 */
export async function selectFiles(folder: string, files: ReleaseYaml['files']): Promise<Selection> {
  const { include, exclude = [] } = files ?? {};
  const excluded = filePatterns([...(await readIgnoreFile(folder)), ...exclude]);
  const included = include && filePatterns(include);
  /** Everything that a pattern may have meant, also what is not entered. */
  const seen: string[] = [];
  const leftOut: string[] = [];
  const skips = (path: string): boolean => {
    seen.push(path);
    if (excluded.coversFolder(path) || OWN_FILES.matches(path)) return true;
    if (!JUNK.matches(path)) return false;
    leftOut.push(path);
    return true;
  };
  const selected: Found[] = [];
  for (const found of await listFiles(folder, skips)) {
    const { path } = found;
    if (OWN_FILES.matches(path)) continue;
    seen.push(path);
    if (excluded.matches(path)) continue;
    if (JUNK.matches(path)) leftOut.push(path);
    else if (!included || included.matches(path)) selected.push(found);
  }
  const mistakes = uselessPatterns(include ?? [], seen).map((index) => ({
    at: `/files/include/${index}`,
    message: `"${include?.[index]}" selects no file`,
  }));
  const warnings = uselessPatterns(exclude, seen).map((index) => `files.exclude: "${exclude[index]}" excludes no file`);
  return { selected, leftOut, mistakes, warnings };
}
