/**
 * Where the guests of this process live: a folder, a name prefix for cgroups and namespaces. What a process leaves
 * behind that was killed itself is found by that prefix, and taken away by the next one.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { ask, must } from './host.ts';

/** Not in TMPDIR: a test run empties that one without asking what is mounted there. */
const ALL = '/var/tmp/fairlead-guests';
const PREFIX = 'fairlead-guest';

export interface Premises {
  readonly folder: string;
  /** Of every cgroup and network namespace of this process. */
  readonly prefix: string;
}

let opening: Promise<Premises> | undefined;
export const openPremises = (): Promise<Premises> => (opening ??= open());

async function open(): Promise<Premises> {
  await mkdir(ALL, { recursive: true });
  for (const owner of await readdir(ALL)) if (!(await isAlive(owner))) await clear(owner);
  const owner = String(process.pid);
  const folder = join(ALL, owner);
  await clear(owner);
  await mkdir(folder);
  await writeFile(join(folder, 'since'), await startOf(owner));
  // Each guest gets a copy of this machine's mounts; shared, so that what is unmounted here is let go of there.
  await must('mount', '--bind', folder, folder);
  await must('mount', '--make-shared', folder);
  return { folder, prefix: `${PREFIX}-${owner}` };
}

/** Nothing of this process is left. */
export async function closePremises(): Promise<void> {
  if (opening === undefined) return;
  opening = undefined;
  await clear(String(process.pid));
  await rmdir(ALL).catch(() => undefined);
}

const startOf = async (pid: string): Promise<string> =>
  (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(') ').at(-1)?.split(' ')[19] ?? '';

/** A pid may have been given away again since: then its start differs. */
async function isAlive(owner: string): Promise<boolean> {
  const since = await readFile(join(ALL, owner, 'since'), 'utf8').catch(() => 'none');
  return since === (await startOf(owner));
}

async function clear(owner: string): Promise<void> {
  const prefix = `${PREFIX}-${owner}`;
  for (const hierarchy of await cgroupHierarchies()) {
    for (const name of await readdir(hierarchy)) {
      if (name === prefix || name.startsWith(`${prefix}-`)) await clearCgroup(join(hierarchy, name));
    }
  }
  for (const namespace of await readdir('/run/netns').catch(() => [])) {
    if (!namespace.startsWith(`${prefix}-`)) continue;
    const { stdout } = await ask('ip', 'netns', 'pids', namespace);
    for (const pid of stdout.split('\n').filter(Boolean)) await killHard(Number(pid));
    await ask('ip', 'netns', 'delete', namespace);
  }
  const folder = join(ALL, owner);
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  for (const mount of mounts.filter((at) => at === folder || at.startsWith(`${folder}/`)).toReversed()) {
    await waitFor(`${mount} to be unmounted`, async () => (await ask('umount', mount)).exitCode === 0 || undefined);
  }
  if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
}

/** Ends what still runs in the cgroups of that name, and removes them. */
export async function removeCgroup(name: string): Promise<void> {
  for (const hierarchy of await cgroupHierarchies()) await clearCgroup(join(hierarchy, name));
}

async function clearCgroup(folder: string): Promise<void> {
  await waitFor(`${folder} to be empty`, async () => {
    const folders = [folder, ...(await foldersBelow(folder))];
    for (const one of folders) {
      const pids = await readFile(join(one, 'cgroup.procs'), 'utf8').catch(() => '');
      // Frozen processes die as well, once they are asked to.
      for (const pid of pids.split('\n').filter(Boolean)) await killHard(Number(pid));
    }
    for (const one of folders.toReversed()) await rmdir(one).catch(() => undefined);
    return existsSync(folder) ? undefined : true;
  });
}

async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const own = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  return (await Promise.all(own.map(async (one) => [one, ...(await foldersBelow(one))]))).flat();
}

async function killHard(pid: number): Promise<void> {
  try {
    if (pid > 1 && pid !== process.pid) process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Mount points of the cgroup trees of this machine: one, or one per controller. */
export async function cgroupHierarchies(): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.filter(([, , type]) => type === 'cgroup' || type === 'cgroup2').map(([, at]) => at ?? '');
}
