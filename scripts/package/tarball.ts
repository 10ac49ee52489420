/** The same files for hosts without dpkg: a tarball with install.sh, which does what the package's scripts do. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { create } from 'tar';
import { DEBIAN_NAME, type Deb, filesIn, placeAll } from './deb.ts';

const INSTALLER = join(import.meta.dirname, '../../packages/agent/debian/install.sh');
const MACHINE = { x64: 'x86_64', arm64: 'aarch64' } as const;

/** Answers the file. */
export async function buildTarball(deb: Deb, into: string): Promise<string> {
  const name = `${deb.name}_${deb.version}_${DEBIAN_NAME[deb.architecture]}`;
  const scratch = await mkdtemp(join(tmpdir(), 'fairlead-tarball-'));
  const folder = join(scratch, name);
  try {
    await placeAll(deb.files, join(folder, 'root'));
    const paths = await filesIn(join(folder, 'root'));
    await writeFile(join(folder, 'files'), paths.map((path) => `/${path}\n`).join(''));
    const installer = (await readFile(INSTALLER, 'utf8')).replaceAll('@MACHINE@', MACHINE[deb.architecture]);
    await writeFile(join(folder, 'install.sh'), installer, { mode: 0o755 });
    for (const [script, text] of Object.entries(deb.scripts)) {
      await writeFile(join(folder, script), text.replaceAll('@VERSION@', deb.version), { mode: 0o755 });
    }
    const file = join(into, `${name}.tar.gz`);
    // Root's, whoever packs: what is unpacked with sudo belongs to nobody else.
    await create({ file, cwd: scratch, gzip: true, portable: true }, [basename(folder)]);
    return file;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
