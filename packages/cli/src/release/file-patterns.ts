/** Patterns of files as `.gitignore` has them, by the library that ESLint uses: one reading of them for every list we take. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '@fairlead/toolkit/file-error';
import ignore from 'ignore';

export const IGNORE_FILE = '.fairleadignore';

/** A folder's path ends in "/": a pattern such as `build/` is for folders only. */
export interface FilePatterns {
  /** Whether the path, or a folder that holds it, matches; a later `!pattern` takes it out again. */
  matches(path: string): boolean;
  /** Whether everything in this folder matches, so that it need not be entered. `folder` ends in "/". */
  coversFolder(folder: string): boolean;
}

export function filePatterns(patterns: readonly string[]): FilePatterns {
  const rules = ignore({ ignorecase: false }).add([...patterns]);
  // `data/**` and `data/*` match whatever lies in the folder, but not the folder itself.
  const mayReturn = patterns.some((pattern) => pattern.startsWith('!'));
  return {
    matches: (path) => rules.ignores(path),
    coversFolder: (folder) => rules.ignores(folder) || (!mayReturn && rules.ignores(`${folder}${ANY_NAME}`)),
  };
}

/** A name that no pattern means: what matches it matches every name. */
const ANY_NAME = '\u{10fffd}any name\u{10fffd}';

/** Places of the patterns that match none of `paths`. `!pattern` is tried as `pattern`. */
export function uselessPatterns(patterns: readonly string[], paths: readonly string[]): number[] {
  return patterns.flatMap((pattern, index) => {
    const one = filePatterns([pattern.replace(/^!/, '')]);
    // What a folder that was not entered holds is not known: whoever covers it has done something.
    const does = paths.some((path) => one.matches(path) || (path.endsWith('/') && one.coversFolder(path)));
    return does ? [] : [index];
  });
}

/** The lines of `.fairleadignore`; none where there is no such file. Comments are the library's business. */
export async function readIgnoreFile(folder: string): Promise<readonly string[]> {
  try {
    return (await readFile(join(folder, IGNORE_FILE), 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
