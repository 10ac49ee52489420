/** Paths that people give to `release`: checked before any work, with what is there instead. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describeFileError, systemCode } from '@fairlead/toolkit/file-error';
import { CliError, EXIT } from '../cli-error.ts';

/** Throws a CliError where `folder` is no folder with a release.yaml. */
export async function checkAuthorFolder(folder: string): Promise<void> {
  const kind = await kindOf(folder);
  if (kind === 'nothing') throw usage('There is no such folder.', folder, 'Give the folder that holds release.yaml.');
  if (kind === 'file') throw usage('That is a file, not a folder.', folder, `Give its folder: ${dirname(folder)}`);
  if ((await kindOf(join(folder, 'release.yaml'))) === 'file') return;
  const names = await readdir(folder);
  const misnamed = names.find((name) => /^\.?release\.ya?ml(\.txt)?$/i.test(name) && name !== 'release.yaml');
  if (misnamed !== undefined) {
    throw usage(`There is no release.yaml; there is ${misnamed}.`, folder, `Rename it: mv ${misnamed} release.yaml`);
  }
  const inside = await insideOf(folder, names);
  const next =
    inside === undefined
      ? 'Write one (docs/policy-engineer.md), or give the folder that holds it.'
      : `There is one in ${inside}: give that folder.`;
  throw usage('There is no release.yaml.', folder, next);
}

/**
 * Where to write: `to` itself, or the file's own name in it where it is a folder. Throws a CliError where the folder does
 * not exist; before any work is done.
 */
export async function outputPlace(to: string): Promise<(name: string) => string> {
  if ((await kindOf(to)) === 'folder') return (name) => join(to, name);
  const folder = dirname(to);
  if ((await kindOf(folder)) === 'folder') return () => to;
  throw usage(
    'The folder of the output does not exist.',
    folder,
    `Make it (mkdir -p ${folder}), or give another with -o.`,
  );
}

/** Throws a CliError where `file` is no file. */
export async function checkReleaseFile(file: string): Promise<void> {
  const kind = await kindOf(file);
  if (kind === 'file') return;
  const what = kind === 'folder' ? 'That is a folder, not a .fairlead file.' : 'There is no such file.';
  throw usage(what, file, 'Give the file that fairlead release build printed.');
}

const usage = (message: string, where: string, hint: string): CliError =>
  new CliError(message, { where, hint, exitCode: EXIT.usage });

async function kindOf(path: string): Promise<'file' | 'folder' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return 'nothing';
    throw usage(`It cannot be used: ${describeFileError(error)}.`, path, 'Check what this user may do there.');
  }
}

/** A folder directly below that holds a release.yaml. */
async function insideOf(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names.slice(0, 100)) {
    const found = await stat(join(folder, name, 'release.yaml')).catch(() => undefined);
    if (found?.isFile()) return relative(process.cwd(), join(folder, name)) || '.';
  }
  return undefined;
}
