/** A Debian package from files that are there: placed, owned by root, checked by dpkg-deb itself. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from './bundle-program.ts';

const run = promisify(execFile);
export const DEBIAN_NAME: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

export interface Deb {
  readonly name: string;
  /** Debian's version; a semver pre-release sorts before its release by `~`. */
  readonly version: string;
  readonly architecture: Architecture;
  readonly summary: string;
  /** Lines of at most 79 characters. */
  readonly description: readonly string[];
  readonly depends: readonly string[];
  readonly suggests?: readonly string[];
  /** Path in the package -> a file or folder, or a file's text. */
  readonly files: readonly Placed[];
  /** Paths under /etc that a person may change. */
  readonly conffiles: readonly string[];
  readonly scripts: Readonly<Partial<Record<'postinst' | 'prerm' | 'postrm', string>>>;
}
export type Placed = { readonly to: string; readonly mode?: number } & (
  | { readonly from: string }
  | { readonly text: string | Uint8Array }
);

/** `quick` packs without much compression, for tests. Answers the file. @throws Error where dpkg-deb is missing or refuses. */
export async function buildDeb(deb: Deb, into: string, quick = false): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'fairlead-deb-'));
  try {
    await chmod(tree, 0o755);
    await placeAll(deb.files, tree);
    const control = join(tree, 'DEBIAN');
    await mkdir(control);
    await writeFile(join(control, 'control'), controlOf(deb, await installedKib(tree)));
    await writeFile(join(control, 'conffiles'), deb.conffiles.map((path) => `${path}\n`).join(''));
    await writeFile(join(control, 'md5sums'), await digests(tree, deb.conffiles));
    for (const [name, text] of Object.entries(deb.scripts)) {
      await writeFile(join(control, name), text.replaceAll('@VERSION@', deb.version), { mode: 0o755 });
    }
    await mkdir(into, { recursive: true });
    const file = join(into, `${deb.name}_${deb.version}_${DEBIAN_NAME[deb.architecture]}.deb`);
    // xz, because the dpkg of Debian 11 and older robots reads no zstd.
    const compression = quick ? ['-Zgzip', '-z1'] : ['-Zxz', '-z2'];
    const env = { ...process.env, SOURCE_DATE_EPOCH: await commitTime() };
    await run('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, file], { env }).catch((error) => {
      if (error.code === 'ENOENT')
        throw new Error('dpkg-deb is missing: install the package dpkg, or build on Debian.');
      throw error;
    });
    return file;
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

/** Puts everything where it will lie, below `tree`. */
export async function placeAll(files: readonly Placed[], tree: string): Promise<void> {
  for (const placed of files) await place(placed, tree);
}

async function place(placed: Placed, tree: string): Promise<void> {
  const target = join(tree, placed.to);
  await mkdir(dirname(target), { recursive: true });
  if ('from' in placed) await cp(placed.from, target, { recursive: true });
  else await writeFile(target, placed.text);
  if (placed.mode !== undefined) await chmod(target, placed.mode);
}

const controlOf = (deb: Deb, sizeKib: number): string =>
  [
    `Package: ${deb.name}`,
    `Version: ${deb.version}`,
    `Architecture: ${DEBIAN_NAME[deb.architecture]}`,
    'Maintainer: Fairlead <fairlead@localhost>',
    `Installed-Size: ${sizeKib}`,
    `Depends: ${deb.depends.join(', ')}`,
    ...(deb.suggests ? [`Suggests: ${deb.suggests.join(', ')}`] : []),
    'Section: admin',
    'Priority: optional',
    `Description: ${deb.summary}`,
    ...deb.description.map((line) => ` ${line === '' ? '.' : line}`),
    '',
  ].join('\n');

/** Paths of the files below `tree`, sorted, without the package's own control files. */
export async function filesIn(tree: string): Promise<string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .filter((path) => !path.startsWith('DEBIAN/'))
    .toSorted();
}

async function installedKib(tree: string): Promise<number> {
  const sizes = await Promise.all((await filesIn(tree)).map(async (path) => (await stat(join(tree, path))).size));
  return Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024);
}

async function digests(tree: string, conffiles: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of await filesIn(tree)) {
    if (conffiles.includes(`/${path}`)) continue;
    const md5 = createHash('md5')
      .update(await readFile(join(tree, path)))
      .digest('hex');
    lines.push(`${md5}  ${path}\n`);
  }
  return lines.join('');
}

/** The same commit makes the same package. */
async function commitTime(): Promise<string> {
  if (process.env['SOURCE_DATE_EPOCH'] !== undefined) return process.env['SOURCE_DATE_EPOCH'];
  const { stdout } = await run('git', ['log', '-1', '--format=%ct'], { cwd: import.meta.dirname }).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() || String(Math.floor(Date.now() / 1000));
}
