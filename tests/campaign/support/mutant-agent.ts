/** An agent as it would be if somebody had forgotten one line: built from a copy of the project in which it is missing. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../../..');

export interface Mutation {
  readonly file: string;
  /** Must stand in the file exactly once. */
  readonly take: string;
  readonly put: string;
}

/** The command line of the mutant. `folder` is new. */
export async function buildMutant(folder: string, { file, take, put }: Mutation): Promise<string[]> {
  await mkdir(join(folder, 'node_modules/@fairlead'), { recursive: true });
  for (const part of ['packages', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    await cp(join(PROJECT, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  // Every library but ours: those are the copies.
  for (const name of await readdir(join(PROJECT, 'node_modules'))) {
    if (name !== '@fairlead') await symlink(join(PROJECT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const name of await readdir(join(folder, 'packages'))) {
    await symlink(join(folder, 'packages', name), join(folder, 'node_modules/@fairlead', name));
  }
  const source = await readFile(join(folder, file), 'utf8');
  if (source.split(take).length !== 2) throw new Error(`${file} no longer says once: ${take}`);
  await writeFile(join(folder, file), source.replace(take, put));
  const into = join(folder, 'built');
  await run(process.execPath, [join(folder, 'scripts/package/build-agent.ts'), '--into', into], { cwd: folder });
  return [join(into, 'bin/node'), join(into, 'lib/main.js')];
}
