/**
 * The packages as they are shipped. `npm run package` takes minutes, so its result is looked at where it is there:
 * dist/, or FAIRLEAD_PACKAGES. CI builds it first.
 */
import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ElfFile, elfFilesIn, newestGlibc } from '../../scripts/package/elf.ts';

const run = promisify(execFile);
const FOLDER = process.env['FAIRLEAD_PACKAGES'] ?? join(import.meta.dirname, '../../dist');
/** JetPack 5 is Ubuntu 20.04. */
const OLDEST_GLIBC = 31;
const MACHINE = { amd64: /X86-64/, arm64: /AArch64/ } as const;
const QEMU = 'qemu-aarch64-static';
/** Where Debian's libc6-arm64-cross lies. */
const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';

const packages = (await readdir(FOLDER).catch(() => [])).filter((name) => name.endsWith('.deb')).toSorted();
const has = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
const arm = packages.find((name) => /^fairlead-agent_.*_arm64/.test(name));
const mayEmulate = (await has(`/usr/bin/${QEMU}`)) && (await has(ARM_LIBRARIES));
if (packages.length === 0) process.stdout.write('skipped: there are no packages in dist (npm run package)\n');
else if (!mayEmulate) process.stdout.write('skipped: no qemu-user-static and libc6-arm64-cross to start arm64 with\n');

let scratch: string;
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), 'fairlead-packages-'))));
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function unpacked(name: string): Promise<string> {
  const folder = join(scratch, name);
  if (!(await has(folder))) await run('dpkg-deb', ['-R', join(FOLDER, name), folder]);
  return folder;
}

test.runIf(packages.length > 0).for(packages)(
  '%s holds files of its processor only, that JetPack 5 can load, and asks for no less than they need',
  async (name) => {
    const folder = await unpacked(name);
    const files = await elfFilesIn(folder);
    expect(files.map(({ path }) => relative(folder, path)).some((path) => path.endsWith('bin/node'))).toBe(true);
    const machine = name.includes('_arm64') ? MACHINE.arm64 : MACHINE.amd64;
    for (const file of files) expect(file, file.path).toMatchObject({ machine: expect.stringMatching(machine) });
    const newest = newestGlibc(files) ?? '';
    expect(files.filter(isTooNew).map(({ path, glibc }) => `${relative(folder, path)} wants ${glibc}`)).toEqual([]);
    expect(await readFile(join(folder, 'DEBIAN/control'), 'utf8')).toContain(`libc6 (>= ${newest})`);
  },
);
const isTooNew = ({ glibc = '2.0' }: ElfFile): boolean => Number(glibc.split('.')[1]) > OLDEST_GLIBC;

test.runIf(packages.length > 0).for(packages)('the scripts of %s are sound for a plain shell', async (name) => {
  const folder = await unpacked(name);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await run('sh', ['-n', join(folder, 'DEBIAN', script)]);
    expect(await readFile(join(folder, 'DEBIAN', script), 'utf8')).not.toContain('@VERSION@');
  }
});

test.runIf(packages.length > 0)(
  'a tarball holds what the package holds, and installs for its own machine only',
  async () => {
    for (const name of packages.filter((each) => each.startsWith('fairlead-agent'))) {
      const folder = join(scratch, 'tarball', name);
      await run('mkdir', ['-p', folder]);
      await run('tar', ['xzf', join(FOLDER, name.replace(/deb$/, 'tar.gz')), '-C', folder, '--strip-components=1']);
      const listed = (await readFile(join(folder, 'files'), 'utf8')).trim().split('\n');
      const { stdout } = await run('dpkg-deb', ['--fsys-tarfile', join(FOLDER, name)], {
        encoding: 'buffer',
        maxBuffer: 2 ** 30,
      });
      await writeFile(join(folder, 'package.tar'), stdout);
      const inPackage = (await run('tar', ['tf', join(folder, 'package.tar')])).stdout.split('\n');
      const files = inPackage.filter((path) => path !== '' && !path.endsWith('/')).map((path) => path.slice(1));
      expect(listed.toSorted()).toEqual(files.toSorted());
      await run('sh', ['-n', join(folder, 'install.sh')]);
      expect(await readFile(join(folder, 'install.sh'), 'utf8')).toContain(
        name.includes('arm64') ? "'aarch64'" : "'x86_64'",
      );
    }
  },
);

test.runIf(arm !== undefined && mayEmulate)(
  'the arm64 agent starts, and opens a database, on an emulated arm64',
  async () => {
    const tree = join(await unpacked(arm ?? ''), 'usr/lib/fairlead/agent');
    const config = join(scratch, 'agent.yaml');
    await writeFile(
      config,
      `server: http://127.0.0.1:9\nrobot: arm-1\nenvironment: production\nroot: ${join(scratch, 'root')}\n` +
        `trust: {rootSha256: ${'ab'.repeat(32)}}\nservices: {manager: process, commands: {}}\n`,
    );
    const emulated = (...args: string[]) =>
      run(QEMU, ['-L', ARM_LIBRARIES, join(tree, 'bin/node'), join(tree, 'lib/main.js'), ...args], {
        timeout: 120_000,
      });
    expect((await emulated('--version')).stdout).toMatch(/^\d+\.\d+\.\d+/);
    // ONNX Runtime itself does not survive this emulator (it ends with SIGSEGV while it looks at the processor): exit code 3.
    const said = await emulated('--config', config, '--json', 'self-test').catch((error: { stdout: string }) => error);
    const findings: { check: string; ok: boolean }[] = JSON.parse(said.stdout);
    expect(findings.filter(({ ok }) => ok).map(({ check }) => check)).toEqual(
      expect.arrayContaining(['root folder', 'native database', 'identity', 'journal']),
    );
  },
);
