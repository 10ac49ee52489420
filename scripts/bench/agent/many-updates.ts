/** What a robot's life leaves in the agent's memory: thousands of updates in one process, as it was built. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { manifestBytes } from '@fairlead/shared/release/parse-manifest';
import { sampleManifest } from '@fairlead/shared/release/testing/sample-manifest';
import { packBundle } from '@fairlead/toolkit/bundle/pack-bundle';
import { agentCommand } from '../../local-fleet/agent-command.ts';
import { hostArchitecture } from '../../package/build-agent.ts';
import { bundleProgram } from '../../package/bundle-program.ts';
import type { MemoryMb } from './process-cost.ts';

export type AfterUpdates = MemoryMb & { readonly done: number };

/** `main`: of the built agent, whose Node and flags are used. */
export async function measureManyUpdates(
  main: string,
  folder: string,
  updates: number,
  step: number,
): Promise<readonly AfterUpdates[]> {
  const world = await mkdtemp(join(folder, 'updates-'));
  await mkdir(join(world, 'agent'));
  for (const version of ['1.0.0', '2.0.0']) await writeSmallRelease(world, version);
  const program = join(world, 'program');
  await bundleProgram({
    entries: { 'many-updates': 'scripts/bench/agent/many-updates-process.ts' },
    architecture: hostArchitecture(),
    version: '0.0.0',
    into: program,
  });
  await writeFile(join(program, 'package.json'), '{"type":"module"}');
  const { command, env } = agentCommand(main);
  const [node = '', ...flags] = command.slice(0, -1);
  const args = [...flags, join(program, 'many-updates.js'), world, String(updates), String(step)];
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  const told: AfterUpdates[] = [];
  for await (const line of createInterface({ input: child.stdout })) told.push(JSON.parse(line));
  const [code] = await ended;
  if (code !== 0) throw new Error(`The updater ended with ${code}.`);
  await rm(world, { recursive: true, force: true });
  return told;
}

async function writeSmallRelease(world: string, version: string): Promise<void> {
  const files = [
    { path: 'policy.onnx', content: `weights of ${version} `.repeat(500) },
    { path: 'bin/walk', content: '#!/bin/sh\n', mode: 0o755 },
  ];
  const tree = join(world, version);
  await mkdir(join(tree, 'bin'), { recursive: true });
  for (const { path, content, mode = 0o644 } of files) await writeFile(join(tree, path), content, { mode });
  const bundle = join(world, `${version}.tar.zst`);
  const { size, sha256 } = await packBundle({ folder: tree, files: sampleManifest(files).files, to: bundle });
  const manifest = sampleManifest(files, {
    version,
    services: ['walk'],
    probation: { seconds: 10 },
    bundle: { format: 'tar+zstd', size, sha256 },
  });
  await copyFile(bundle, join(world, sha256));
  await writeFile(join(world, `${version}.json`), manifestBytes(manifest));
}
