/**
 * `node scripts/package/build-agent.ts [--architecture x64|arm64] [--version V] [--into DIR]`: the agent as a robot
 * gets it: `bin/node` with its `node-options`, `lib/*.js` and its native libraries. A package wraps this folder, a release of the component
 * `fairlead-agent` carries it, campaigns and benchmarks run it.
 */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildProgram } from './build-program.ts';
import { ARCHITECTURES, type Architecture } from './bundle-program.ts';

const PROJECT = join(import.meta.dirname, '../..');

export interface AgentBuild {
  readonly folder: string;
  /** The program and its first arguments: `[...command, 'run', '--config', file]`. */
  readonly command: readonly string[];
  readonly version: string;
}

export async function buildAgent(
  wanted: { architecture?: Architecture; version?: string; into?: string } = {},
): Promise<AgentBuild> {
  const architecture = wanted.architecture ?? hostArchitecture();
  const version = wanted.version ?? (await projectVersion());
  const folder = wanted.into ?? join(PROJECT, 'dist', `agent-${architecture}`);
  await buildProgram({
    entries: {
      main: 'packages/agent/src/main.ts',
      'measure-machine': 'packages/agent/src/inventory/measure-machine.ts',
      'model-child': 'packages/toolkit/src/smoke-test/child/model-child.ts',
      'say-onnx-version': 'packages/toolkit/src/smoke-test/child/say-onnx-version.ts',
    },
    architecture,
    version,
    into: folder,
  });
  await copyFile(join(PROJECT, 'packages/agent/launcher/node-options'), join(folder, 'node-options'));
  return { folder, command: [join(folder, 'bin/node'), join(folder, 'lib/main.js')], version };
}

export function hostArchitecture(): Architecture {
  const host = ARCHITECTURES.find((one) => one === process.arch);
  if (!host) throw new Error(`Fairlead is built for ${ARCHITECTURES.join(' and ')}, not for ${process.arch}.`);
  return host;
}

export async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
  return version;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { architecture: { type: 'string' }, version: { type: 'string' }, into: { type: 'string' } },
  });
  const architecture = ARCHITECTURES.find((one) => one === values.architecture);
  if (values.architecture !== undefined && !architecture) {
    throw new Error(`--architecture is one of ${ARCHITECTURES.join(', ')}`);
  }
  const built = await buildAgent({
    ...(architecture && { architecture }),
    ...(values.version !== undefined && { version: values.version }),
    ...(values.into !== undefined && { into: values.into }),
  });
  console.log(`fairlead-agent ${built.version}: ${built.folder}`);
}
