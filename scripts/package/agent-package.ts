/** What the package `fairlead-agent` puts where on a robot. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AgentBuild } from './build-agent.ts';
import type { Architecture } from './bundle-program.ts';
import type { Deb, Placed } from './deb.ts';
import { elfFilesIn, newestGlibc } from './elf.ts';
import { agentYamlManual } from './man-pages.ts';

const PROJECT = join(import.meta.dirname, '../..');
const AGENT = join(PROJECT, 'packages/agent');
const DOC = '/usr/share/doc/fairlead-agent';

const text = (...names: string[]): Promise<string> => readFile(join(AGENT, ...names), 'utf8');

export async function agentPackage(built: AgentBuild, architecture: Architecture): Promise<Deb> {
  const unit = (name: string): Placed => ({
    from: join(AGENT, 'systemd', name),
    to: `/lib/systemd/system/${name}`,
    mode: 0o644,
  });
  const manual = (name: string, page: string): Placed => ({
    text: gzipSync(page, { level: 9 }),
    to: `/usr/share/man/man${name.at(-1)}/${name}.gz`,
    mode: 0o644,
  });
  const version = built.version.replace('-', '~');
  return {
    name: 'fairlead-agent',
    version,
    architecture,
    summary: 'keeps a robot on the signed releases it was assigned',
    description: [
      'Polls its control plane, verifies a release down to the last byte, tests its',
      'ONNX models before anything is switched, switches in one rename, watches the',
      'health of what it started and rolls back by itself. Survives power cuts.',
      '',
      'Brings its own Node runtime and ONNX Runtime (CPU).',
    ],
    depends: [
      `libc6 (>= ${newestGlibc(await elfFilesIn(built.folder)) ?? '2.28'})`,
      'libstdc++6',
      'perl-base',
      'systemd (>= 245)',
    ],
    suggests: ['strace'],
    files: [
      { from: built.folder, to: '/usr/lib/fairlead/agent' },
      { from: join(AGENT, 'launcher/fairlead-launch'), to: '/usr/lib/fairlead/fairlead-launch', mode: 0o755 },
      { from: join(AGENT, 'launcher/fairlead-services'), to: '/usr/lib/fairlead/fairlead-services', mode: 0o755 },
      { from: join(AGENT, 'launcher/fairlead-confine'), to: '/usr/lib/fairlead/fairlead-confine', mode: 0o755 },
      { from: join(AGENT, 'debian/fairlead-agent.sh'), to: '/usr/bin/fairlead-agent', mode: 0o755 },
      unit('fairlead-agent.service'),
      unit('fairlead-services.socket'),
      unit('fairlead-services@.service'),
      { from: join(AGENT, 'debian/sysusers.conf'), to: '/usr/lib/sysusers.d/fairlead-agent.conf', mode: 0o644 },
      { from: join(AGENT, 'debian/tmpfiles.conf'), to: '/usr/lib/tmpfiles.d/fairlead-agent.conf', mode: 0o644 },
      { from: join(AGENT, 'etc/agent.yaml'), to: '/etc/fairlead/agent.yaml', mode: 0o640 },
      { from: join(AGENT, 'etc/services.allow'), to: '/etc/fairlead/services.allow', mode: 0o644 },
      { from: join(AGENT, 'examples/state.conf'), to: `${DOC}/examples/state.conf`, mode: 0o644 },
      { from: join(PROJECT, 'LICENSE'), to: `${DOC}/copyright`, mode: 0o644 },
      { text: gzipSync(await readFile(join(PROJECT, 'CHANGELOG.md'))), to: `${DOC}/changelog.gz`, mode: 0o644 },
      manual('fairlead-agent.8', await text('man/fairlead-agent.8')),
      manual('agent.yaml.5', agentYamlManual(version)),
    ],
    conffiles: ['/etc/fairlead/agent.yaml', '/etc/fairlead/services.allow'],
    scripts: {
      postinst: await text('debian/postinst'),
      prerm: await text('debian/prerm'),
      postrm: await text('debian/postrm'),
    },
  };
}
