/** The agent as robots get it: built files and Debian packages, made once per version and test run. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { agentPackage } from '../../../scripts/package/agent-package.ts';
import { type AgentBuild, buildAgent, hostArchitecture, projectVersion } from '../../../scripts/package/build-agent.ts';
import { buildDeb } from '../../../scripts/package/deb.ts';

export const PACKAGED_VERSION = await projectVersion();

export interface PackagedAgent extends AgentBuild {
  /** The folder with the package, and its name there. */
  readonly packages: string;
  readonly deb: string;
}

const made = new Map<string, Promise<PackagedAgent>>();

/** Built files and package of this very source, as the version that is asked for. */
export function packagedAgent(version = PACKAGED_VERSION): Promise<PackagedAgent> {
  const making = made.get(version) ?? once(version);
  made.set(version, making);
  return making;
}

/** Test files run beside each other: the first one builds, the others wait for it. */
async function once(version: string): Promise<PackagedAgent> {
  const [home, folder] = [join(tmpdir(), `guest-agent-${version}`), join(tmpdir(), `guest-agent-${version}`, 'build')];
  const packages = join(home, 'packages');
  const built = { folder, command: [join(folder, 'bin/node'), join(folder, 'lib/main.js')], version };
  const deb = `fairlead-agent_${version}_${hostArchitecture() === 'x64' ? 'amd64' : 'arm64'}.deb`;
  try {
    await mkdir(home);
  } catch {
    await waitFor(`${deb} to be built`, async () => existsSync(packages) || undefined, { timeoutMs: 120_000 });
    return { ...built, packages, deb };
  }
  await buildAgent({ version, into: folder });
  await buildDeb(await agentPackage(built, hostArchitecture()), `${packages}.tmp`, true);
  await rename(`${packages}.tmp`, packages);
  return { ...built, packages, deb };
}
