/** What the package `fairlead-control-plane` puts where: the server as a service, and the command line for people. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ControlPlaneBuild } from './build-control-plane.ts';
import type { Architecture } from './bundle-program.ts';
import type { Deb } from './deb.ts';
import { elfFilesIn, newestGlibc } from './elf.ts';

const PROJECT = join(import.meta.dirname, '../..');
const OWN = join(PROJECT, 'packages/control-plane');
const DOC = '/usr/share/doc/fairlead-control-plane';
const UNIT = 'fairlead-control-plane.service';

const text = (...names: string[]): Promise<string> => readFile(join(OWN, ...names), 'utf8');

export async function controlPlanePackage(built: ControlPlaneBuild, architecture: Architecture): Promise<Deb> {
  return {
    name: 'fairlead-control-plane',
    version: built.version.replace('-', '~'),
    architecture,
    summary: 'signed, staged, self-healing releases for robots: server and command line',
    description: [
      'Publishes signed releases, assigns them to robots and keeps their heartbeats,',
      'in one process with an embedded database. Brings the command line fairlead,',
      'which builds, tests, signs and deploys releases.',
      '',
      'Brings its own Node runtime and ONNX Runtime (CPU).',
    ],
    depends: [`libc6 (>= ${newestGlibc(await elfFilesIn(built.folder)) ?? '2.28'})`, 'libstdc++6', 'systemd (>= 245)'],
    files: [
      { from: built.folder, to: '/usr/lib/fairlead/control-plane' },
      { from: join(OWN, 'debian/fairlead.sh'), to: '/usr/bin/fairlead', mode: 0o755 },
      { from: join(OWN, 'systemd', UNIT), to: `/lib/systemd/system/${UNIT}`, mode: 0o644 },
      { from: join(OWN, 'etc/control-plane.yaml'), to: '/etc/fairlead/control-plane.yaml', mode: 0o644 },
      { from: join(PROJECT, 'LICENSE'), to: `${DOC}/copyright`, mode: 0o644 },
      { text: gzipSync(await readFile(join(PROJECT, 'CHANGELOG.md'))), to: `${DOC}/changelog.gz`, mode: 0o644 },
      { text: gzipSync(await text('man/fairlead.1')), to: '/usr/share/man/man1/fairlead.1.gz', mode: 0o644 },
    ],
    conffiles: ['/etc/fairlead/control-plane.yaml'],
    scripts: {
      postinst: await text('debian/postinst'),
      prerm: await text('debian/prerm'),
      postrm: await text('debian/postrm'),
    },
  };
}
