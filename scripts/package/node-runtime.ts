/**
 * The Node binary that a package carries. For this machine's processor npm installed it; for another one it is fetched
 * from the same registry and held to the digest in our lockfile.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { x as extract } from 'tar';
import type { Architecture } from './bundle-program.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const CACHE = join(PROJECT, 'node_modules/.cache/runtimes');
/** Who can strip an ELF file of this processor, by the names Debian gives them. */
const STRIPPER: Readonly<Record<Architecture, string>> = {
  x64: 'x86_64-linux-gnu-strip',
  arm64: 'aarch64-linux-gnu-strip',
};

/** Copies the runtime for `architecture` to `file`, without symbols where a tool for that is here. */
export async function placeNodeRuntime(architecture: Architecture, file: string): Promise<void> {
  const found = await findRuntime(architecture);
  await mkdir(dirname(file), { recursive: true });
  await copyFile(found, file);
  await chmod(file, 0o755);
  await run(STRIPPER[architecture], ['--strip-all', file]).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function findRuntime(architecture: Architecture): Promise<string> {
  const name = `node-linux-${architecture}`;
  const installed = join(PROJECT, 'node_modules', name, 'bin/node');
  if (existsSync(installed)) return installed;
  const { version, integrity } = await lockedEntry(name);
  const cached = join(CACHE, `${name}-${version}`, 'bin/node');
  if (existsSync(cached)) return cached;
  const scratch = await mkdtemp(join(tmpdir(), 'fairlead-runtime-'));
  try {
    const { stdout } = await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', scratch]);
    const archive = join(scratch, basename(stdout.trim()));
    const measured = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (measured !== integrity) {
      throw new Error(`${name}@${version} from the registry is not what package-lock.json names: ${measured}`);
    }
    await extract({ file: archive, cwd: scratch, filter: (path) => path === 'package/bin/node' });
    await mkdir(dirname(cached), { recursive: true });
    await copyFile(join(scratch, 'package/bin/node'), `${cached}.part`);
    await rename(`${cached}.part`, cached);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return cached;
}

async function lockedEntry(name: string): Promise<{ version: string; integrity: string }> {
  const lock = JSON.parse(await readFile(join(PROJECT, 'package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (typeof version !== 'string' || typeof integrity !== 'string') {
    throw new Error(`package-lock.json names no digest for ${name}; run npm install with a registry that has it.`);
  }
  return { version, integrity };
}
