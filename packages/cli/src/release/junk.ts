/** What no robot needs and no author means to pack: left out, and reported. */
import { filePatterns, IGNORE_FILE } from './file-patterns.ts';

export const JUNK = filePatterns([
  '.git',
  '.hg/',
  '.svn/',
  '.jj/',
  '.gitignore',
  '.gitattributes',
  '.gitmodules',
  '.hgignore',
  '.DS_Store',
  '._*',
  'Thumbs.db',
  '__pycache__/',
  '.venv/',
  '.pytest_cache/',
  '.mypy_cache/',
  '.ruff_cache/',
  '.ipynb_checkpoints/',
  'node_modules/.cache/',
  '*.swp',
  '*.swo',
]);

/** The author's own files for the builder, and what it built: never packed, and not worth a word. */
export const OWN_FILES = filePatterns(['/release.yaml', `/${IGNORE_FILE}`, '*.fairlead', '.fairlead-build-*/']);
