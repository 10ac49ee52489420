/** The rules that make a list of files safe to unpack anywhere (TRUST 4.12, attacks 54, 58, 59). */
import { accept, type Result, refuse } from '../failure.ts';
import { ReleasePath } from '../ids.ts';
import { parse } from '../parse.ts';
import { LIMITS } from '../trust/limits.ts';

export interface PathMistake {
  /** The offending path, or '' where the list as a whole is wrong. */
  readonly path: string;
  readonly category: 'path' | 'too_big' | 'empty';
  readonly detail: string;
}

/** Segments, length, twins, files over folders, count and sum of sizes. The order of the list does not matter. */
export function checkPaths(files: readonly { path: string; size: number }[]): Result<void, PathMistake> {
  const whole = checkWhole(files);
  if (whole) return refuse(whole);
  const seen = new Map<string, string>();
  for (const { path } of files) {
    if (!parse(ReleasePath, path).ok) return refuse(malformed(path));
    const twin = seen.get(fold(path));
    if (twin !== undefined) return refuse({ path, category: 'path', detail: sayTwin(path, twin) });
    seen.set(fold(path), path);
  }
  for (const { path } of files) {
    const over = foldersOf(path).find((folder) => seen.has(fold(folder)));
    if (over !== undefined) {
      const detail = `"${seen.get(fold(over))}" is a file, so "${path}" cannot lie in it.`;
      return refuse({ path, category: 'path', detail });
    }
  }
  return accept(undefined);
}

function checkWhole(files: readonly { size: number }[]): PathMistake | undefined {
  if (files.length === 0) return { path: '', category: 'empty', detail: 'There is no file.' };
  if (files.length > LIMITS.files) {
    return { path: '', category: 'too_big', detail: `${files.length} files, and at most ${LIMITS.files} may be.` };
  }
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (Number.isSafeInteger(bytes)) return undefined;
  return { path: '', category: 'too_big', detail: 'The sizes add up to more than a number can hold.' };
}

/** One file on Linux can be two on a Mac and the other way round: what folds to the same name is the same name. */
const fold = (path: string): string => path.normalize('NFC').toLowerCase();

const foldersOf = (path: string): string[] => {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
};

const sayTwin = (path: string, twin: string): string =>
  path === twin ? `"${path}" is listed twice.` : `"${path}" and "${twin}" differ only in case.`;

const malformed = (path: string): PathMistake => ({
  path,
  category: 'path',
  // JSON makes control characters and direction overrides visible instead of obeying them.
  detail: `${JSON.stringify(path)} is not a path that every robot can hold: A-Z a-z 0-9 . _ + @ - in segments of at most 255, no "." or "..", at most 1024 in all.`,
});
