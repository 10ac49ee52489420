/**
 * better-sqlite3 for old robots. The prebuilt file in its package wants glibc 2.34, and JetPack 5 (Ubuntu 20.04) has 2.31.
 * The sources are in the package too, so they are compiled here once more, by the compilers of Debian 11 (glibc 2.31)
 * in a folder of their own, with the options of its own build files (binding.gyp, deps/*.gypi).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Architecture } from './bundle-program.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const MODULES = join(PROJECT, 'node_modules');
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fairlead');
const COMPILERS = join(CACHE, 'debian-11-compilers');
const TRIPLE: Readonly<Record<Architecture, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const ADDON_FLAGS = [
  '-std=c++20',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-w',
  '-shared',
  '-DNAPI_VERSION=10',
  '-DNAPI_DISABLE_CPP_EXCEPTIONS',
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
];
const LINKER_FLAGS = ['-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL', '-s', '-ldl', '-lpthread', '-lm'];

/** Puts the compiled addon into `file`. @throws Error that says what is missing for it (root, mmdebstrap, the mirror). */
export async function placeNativeDatabase(architecture: Architecture, file: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(MODULES, 'better-sqlite3/package.json'), 'utf8'));
  const compiled = join(CACHE, `better-sqlite3-${version}-glibc-2.31-${architecture}.node`);
  if (!existsSync(compiled)) await compile(architecture, compiled);
  await cp(compiled, file);
}

async function compile(architecture: Architecture, target: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('compiling in a Debian 11 folder needs root');
  await makeCompilers();
  const work = await mkdtemp(join(COMPILERS, 'tmp/better-sqlite3-'));
  try {
    await cp(join(MODULES, 'better-sqlite3'), join(work, 'addon'), { recursive: true });
    await cp(join(MODULES, 'node-addon-api'), join(work, 'napi'), { recursive: true });
    await cp(join(MODULES, `node-linux-${process.arch}`, 'include/node'), join(work, 'node'), { recursive: true });
    const inside = work.slice(COMPILERS.length);
    const compiler = (name: string, ...args: string[]) =>
      run('chroot', [COMPILERS, `${TRIPLE[architecture]}-${name}`, '-O3', '-fPIC', '-DNDEBUG', ...args], {
        maxBuffer: 2 ** 24,
      });
    const sqlite = `${inside}/addon/deps/sqlite3`;
    await compiler(
      'gcc',
      '-std=c99',
      '-w',
      ...(await sqliteDefines()),
      '-c',
      `${sqlite}/sqlite3.c`,
      '-o',
      `${inside}/sqlite3.o`,
    );
    await compiler(
      'g++',
      ...ADDON_FLAGS,
      ...['node', 'napi', 'addon/deps/sqlite3'].map((folder) => `-I${inside}/${folder}`),
      `${inside}/addon/src/better_sqlite3.cpp`,
      `${inside}/sqlite3.o`,
      ...LINKER_FLAGS,
      '-o',
      `${inside}/addon.node`,
    );
    await cp(join(work, 'addon.node'), `${target}.part`);
    await rename(`${target}.part`, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The same SQLite as everywhere else: its options stand in the package's own build file. */
async function sqliteDefines(): Promise<string[]> {
  const gypi = await readFile(join(MODULES, 'better-sqlite3/deps/defines.gypi'), 'utf8');
  return [...gypi.matchAll(/'((?:HAVE|SQLITE)_[A-Z0-9_]+(?:=-?[A-Z0-9]+)?)'/g)].map(([, define = '']) => `-D${define}`);
}

async function makeCompilers(): Promise<void> {
  if (existsSync(COMPILERS)) return;
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'making-'));
  try {
    const packages = ['g++', `g++-${TRIPLE[process.arch === 'arm64' ? 'x64' : 'arm64'].replace('_', '-')}`];
    await run('mmdebstrap', ['--quiet', '--variant=apt', `--include=${packages.join(',')}`, 'bullseye', folder]);
    await rename(folder, COMPILERS);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new Error(isMissing ? 'mmdebstrap is missing' : "Debian's mirror gave no compilers", { cause: error });
  }
}
