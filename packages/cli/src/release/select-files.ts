/** Which files of the author's folder become the release. */
import { matchesGlob } from 'node:path';
import type { Mistake } from '@fairlead/shared/parse';
import type { ReleaseYaml } from '@fairlead/shared/release/release-yaml';
import type { Found } from './list-files.ts';

export interface Selection {
  readonly selected: readonly Found[];
  /** Patterns that select nothing, by JSON pointer into release.yaml: most often a misspelt folder. */
  readonly mistakes: readonly Mistake[];
}

/**
 * `include` defaults to everything. Never packed: release.yaml itself, built releases, and what belongs to version
 * control. As in a shell, `*` does not reach into folders (`**` does), and neither matches names that begin with a dot.
 */
export function selectFiles(found: readonly Found[], files: ReleaseYaml['files']): Selection {
  const candidates = found.filter(({ path }) => !NEVER.test(path));
  const { include, exclude = [] } = files ?? {};
  const excluded = (path: string) => exclude.some((glob) => matchesGlob(path, glob));
  const included = (path: string) => include === undefined || include.some((glob) => matchesGlob(path, glob));
  const mistakes = (include ?? []).flatMap((glob, index) =>
    candidates.some(({ path }) => matchesGlob(path, glob))
      ? []
      : [nothing(`/files/include/${index}`, glob, candidates)],
  );
  return { selected: candidates.filter(({ path }) => included(path) && !excluded(path)), mistakes };
}

const NEVER = /^release\.yaml$|\.fairlead$|(^|\/)\.git(ignore|attributes|modules)$|(^|\/)\.hgignore$/;

function nothing(at: string, glob: string, candidates: readonly Found[]): Mistake {
  const folder = glob.replace(/\/+$/, '');
  const isFolder = candidates.some(({ path }) => path.startsWith(`${folder}/`));
  return { at, message: `"${glob}" selects no file${isFolder ? `; did you mean "${folder}/**"?` : ''}` };
}
