/**
 * `node scripts/complete-lockfile.ts`: after `npm install` against a registry that lacks other platforms' packages, npm
 * leaves those out of the lockfile, and then `npm ci` refuses it as out of sync. This writes them back in, by the names
 * and versions their parents ask for; nothing is downloaded for a platform that is not ours.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  [key: string]: unknown;
}
interface Lockfile {
  packages: Record<string, Entry>;
}

const SYSTEMS = ['android', 'darwin', 'freebsd', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32', 'linux'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32', 'arm'];

/** Optional platform packages that a parent names and the lockfile lacks, with the version it asks for. */
export function missingPlatforms({ packages }: Lockfile): [name: string, version: string][] {
  const wanted = Object.entries(packages)
    .filter(([path]) => path !== '')
    .flatMap(([, { optionalDependencies = {} }]) => Object.entries(optionalDependencies));
  return wanted.filter(([name]) => packages[`node_modules/${name}`] === undefined);
}

function platformEntry(name: string, version: string): Entry {
  const os = SYSTEMS.find((system) => name.includes(system));
  const cpu = PROCESSORS.find((processor) => name.includes(processor));
  return {
    version,
    ...(cpu !== undefined && { cpu: [cpu] }),
    dev: true,
    ...(name.includes('musl') && { libc: ['musl'] }),
    optional: true,
    ...(os !== undefined && { os: [os] }),
  };
}

if (import.meta.main) {
  const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
  const missing = missingPlatforms(lockfile);
  for (const [name, version] of missing) lockfile.packages[`node_modules/${name}`] = platformEntry(name, version);
  const { '': root = {}, ...others } = lockfile.packages;
  const sorted = Object.fromEntries(Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(
    'package-lock.json',
    `${JSON.stringify({ ...lockfile, packages: { '': root, ...sorted } }, null, 2)}\n`,
  );
  console.log(`${missing.length} platform packages written back into package-lock.json`);
}
