/** The control plane and the command line as they are installed: `bin/node`, `lib/*.js`, native libraries. */
import { buildProgram } from './build-program.ts';
import type { Architecture } from './bundle-program.ts';

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
  await buildProgram({
    entries: {
      'control-plane': 'packages/control-plane/src/main.ts',
      fairlead: 'packages/cli/src/main.ts',
      'hash-worker': 'packages/control-plane/src/people/hash-worker.ts',
      'model-child': 'packages/toolkit/src/smoke-test/child/model-child.ts',
    },
    architecture,
    version,
    into,
  });
  return { folder: into, version };
}
