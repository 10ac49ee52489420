/** The control plane and the command line as they are installed: `bin/node`, `lib/*.js`, native libraries. */
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Architecture, bundleProgram } from './bundle-program.ts';
import { placeNodeRuntime } from './node-runtime.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

export interface ControlPlaneBuild {
  readonly folder: string;
  readonly version: string;
}

export async function buildControlPlane(wanted: {
  readonly architecture: Architecture;
  readonly version: string;
  readonly into: string;
}): Promise<ControlPlaneBuild> {
  const { architecture, version, into } = wanted;
  await rm(into, { recursive: true, force: true });
  const lib = join(into, 'lib');
  const metafile = await bundleProgram({
    entries: {
      'control-plane': 'packages/control-plane/src/main.ts',
      fairlead: 'packages/cli/src/main.ts',
      'model-child': 'packages/toolkit/src/smoke-test/child/model-child.ts',
    },
    architecture,
    version,
    into: lib,
  });
  await writeFile(join(lib, 'package.json'), `${JSON.stringify({ type: 'module', version })}\n`);
  await writeFile(join(into, 'THIRD-PARTY-LICENCES'), await thirdPartyLicences(metafile));
  const node = join(into, 'bin/node');
  await placeNodeRuntime(architecture, node);
  await chmod(node, 0o755);
  return { folder: into, version };
}
