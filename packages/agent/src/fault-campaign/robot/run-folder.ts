/** Where one run of the campaign happens: `disk/` is the robot's own, everything beside it is the world around it. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { COMPONENT, ENVIRONMENT, ROBOT, SERVICE } from '../world/fleet.ts';

export interface RunFolder {
  readonly folder: string;
  /** What a power cut takes the cache of. */
  readonly disk: string;
  /** The agent's own folder on it. */
  readonly root: string;
  readonly state: string;
  /** The application says here which version it is. */
  readonly serving: string;
  /** Smoke tests leave a line here. */
  readonly marks: string;
  readonly config: string;
  readonly log: string;
}

export function runFolderAt(folder: string): RunFolder {
  const disk = join(folder, 'disk');
  return {
    folder,
    disk,
    root: join(disk, 'root'),
    state: join(disk, 'state'),
    serving: join(folder, 'serving'),
    marks: join(folder, 'marks'),
    config: join(folder, 'agent.yaml'),
    log: join(folder, 'agent.log'),
  };
}

/** Empty, but for the disk's mount point. `marks`: where marks go instead of a file of the run. */
export async function makeRunFolder(folder: string, marks?: string): Promise<RunFolder> {
  const run = runFolderAt(folder);
  // Releases can't be written, and who is not root can't empty such a folder at once.
  await removeTree(folder);
  await mkdir(run.disk, { recursive: true });
  if (marks === undefined) await writeFile(run.marks, '');
  else await symlink(marks, run.marks);
  return run;
}

/** JSON is YAML. */
export const writeConfig = (run: RunFolder, world: { readonly server: string; readonly rootSha256: string }) =>
  writeFile(
    run.config,
    JSON.stringify({
      server: world.server,
      robot: ROBOT,
      environment: ENVIRONMENT,
      root: run.root,
      trust: { rootSha256: world.rootSha256 },
      services: {
        manager: 'process',
        commands: { [SERVICE]: { component: COMPONENT, run: ['./app.sh'], stopTimeoutSec: 5 } },
      },
      socket: join(run.folder, 'a.sock'),
      logLevel: 'debug',
    }),
    { mode: 0o600 },
  );
