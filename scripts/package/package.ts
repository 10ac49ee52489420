/**
 * `npm run package`: every package of this version, for both processors, into dist/. `--architecture x64|arm64` and
 * `--version V` make one of another; `--quick` compresses little and `--agent-only`
 * leaves the rest out, for tests.
 */
import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { agentPackage } from './agent-package.ts';
import { buildAgent, projectVersion } from './build-agent.ts';
import { buildControlPlane } from './build-control-plane.ts';
import { ARCHITECTURES, type Architecture } from './bundle-program.ts';
import { controlPlanePackage } from './control-plane-package.ts';
import { buildDeb } from './deb.ts';
import { placeNativeDatabase } from './native-database.ts';
import { buildTarball } from './tarball.ts';

const { values } = parseArgs({
  options: {
    architecture: { type: 'string' },
    version: { type: 'string' },
    into: { type: 'string', default: join(import.meta.dirname, '../../dist') },
    'agent-only': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const wanted = ARCHITECTURES.filter((one) => values.architecture === undefined || one === values.architecture);
if (wanted.length === 0) throw new Error(`--architecture is one of ${ARCHITECTURES.join(', ')}`);
const { into, quick } = values;
const version = values.version ?? (await projectVersion());
for (const architecture of wanted) {
  begin(`fairlead-agent ${version} for ${architecture}: files`);
  const agent = await buildAgent({ architecture, version, into: join(into, `agent-${architecture}`) });
  await forOldRobots(agent.folder, architecture);
  const agentDeb = await agentPackage(agent, architecture);
  begin(`fairlead-agent ${version} for ${architecture}: packages (compressing takes a while)`);
  await report(await buildDeb(agentDeb, into, quick));
  if (!values['agent-only']) await report(await buildTarball(agentDeb, into));
  // After the packages: it is no part of them.
  await writeFile(join(agent.folder, 'release.yaml'), ownRelease(version, architecture));
  if (values['agent-only']) continue;
  begin(`fairlead-control-plane ${version} for ${architecture}`);
  const server = await buildControlPlane({ architecture, version, into: join(into, `control-plane-${architecture}`) });
  await forOldRobots(server.folder, architecture);
  await report(await buildDeb(await controlPlanePackage(server, architecture), into, quick));
}

/**
 * The same files as a release of the component `fairlead-agent`: `fairlead release build dist/agent-arm64`. Robots of two
 * processors are two releases of one version, told apart by semver's build part.
 */
function ownRelease(version: string, architecture: Architecture): string {
  return stringify({
    component: 'fairlead-agent',
    version: `${version}+${architecture}`,
    description: 'The agent itself; it replaces itself and goes back by itself.',
    requires: { arch: [architecture] },
    probation: { seconds: 60 },
  });
}

/** What can't be made to run on JetPack 5 still runs on newer robots: the package then asks for their C library. */
async function forOldRobots(folder: string, architecture: Architecture): Promise<void> {
  if (quick) return;
  begin(`SQLite for JetPack 5 (${architecture}); it is compiled where the cache does not have it`);
  try {
    await placeNativeDatabase(architecture, join(folder, `lib/linux-${architecture}.node`));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`         better-sqlite3 stays the prebuilt one, for glibc 2.34 and newer: ${why}`);
  }
}

/** Each step takes from seconds to minutes: one line before it, so that a person knows what runs. */
function begin(step: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)}  ${step}`);
}

async function report(file: string): Promise<void> {
  console.log(`${((await stat(file)).size / 2 ** 20).toFixed(1).padStart(7)} MiB  ${basename(file)}`);
}
