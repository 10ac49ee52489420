/**
 * One booted Debian: systemd as the first process, a root file system that outlives a reboot, a network of its own.
 * The test is its operator with a shell (`run`), its wall (`cutPower`) and its clockwork (`freeze`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Spoken } from '../../../scripts/local-fleet/fairlead.ts';
import { GiveUp, waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import type { Cable, Cloud } from './cloud.ts';
import { type Cut, type Disk, makeDisk } from './disk.ts';
import { ask, must } from './host.ts';
import { cgroupHierarchies, openPremises, removeCgroup } from './premises.ts';
import { INIT, rootFileSystem } from './root-file-system.ts';

/** What systemd-nspawn ends with when its guest asked for a reboot. */
const REBOOTED = 133;

/** A command in the guest knows nothing of the environment that the test runs in. */
const SHELL = [
  'env',
  '--ignore-environment',
  'HOME=/root',
  'LANG=C.UTF-8',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

export interface GuestPlan {
  readonly name: string;
  readonly cloud: Cloud;
  /** Folders and files of this machine that the guest sees, read-only: `[ours, theirs]`. */
  readonly lends?: readonly (readonly [string, string])[];
  /** A disk of its own for /var/lib/fairlead, which a power cut can rob of what was not synced. */
  readonly hasDisk?: boolean;
}

export interface Guest {
  readonly name: string;
  /** In the network of the cloud. */
  readonly address: string;
  readonly cable: Cable;
  /** Its root folder on this machine, also while it is off. */
  readonly root: string;
  /** Where its console and systemd's own words go. */
  readonly console: string;
  /** Resolves when systemd has started everything it should. */
  boot(): Promise<void>;
  isUp(): boolean;
  /** Runs a program in the guest as its root, to its end. */
  run(...command: readonly string[]): Promise<Spoken>;
  /** @throws Error with what the program said where it fails. */
  must(...command: readonly string[]): Promise<string>;
  /** Writes a file of the guest; its folder is made. */
  write(path: string, text: string, mode?: number): Promise<void>;
  /** Properties of a unit, as systemctl shows them. */
  show<P extends string>(unit: string, ...properties: readonly P[]): Promise<Record<P, string>>;
  /** What a unit said since this boot. */
  journal(unit: string): Promise<string>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** The battery is pulled: every process is gone at once, and so is what the disk had not yet. */
  cutPower(cut?: Cut): Promise<void>;
  /** Waits until the guest ended by itself; says how. */
  untilOff(): Promise<'rebooted' | 'powered off'>;
  /** Nothing of it is left. */
  remove(): Promise<void>;
}

export async function makeGuest({ name, cloud, lends = [], hasDisk = false }: GuestPlan): Promise<Guest> {
  const { folder: premises } = await openPremises();
  const lower = await rootFileSystem();
  const cable = await cloud.plugIn(name);
  const cgroup = cable.namespace;
  const folder = join(premises, cgroup);
  const root = join(folder, 'root');
  const consoleLog = join(folder, 'console.log');
  for (const part of ['upper', 'work', 'root']) await mkdir(join(folder, part), { recursive: true });
  const layers = `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
  await must('mount', '-t', 'overlay', 'overlay', '-o', layers, root);
  const disk: Disk | undefined = hasDisk ? await makeDisk(folder) : undefined;
  let nspawn: ChildProcess | undefined;
  let leader = 0;

  const isUp = (): boolean => nspawn !== undefined && nspawn.exitCode === null && nspawn.signalCode === null;
  const guest: Guest = {
    name,
    address: cable.address,
    cable,
    root,
    console: consoleLog,
    isUp,
    async boot() {
      if (isUp()) throw new Error(`${name} runs already`);
      await disk?.mount();
      const output = openSync(consoleLog, 'a');
      const binds = [
        ...lends.map(([ours, theirs]) => `--bind-ro=${ours}:${theirs}`),
        ...(disk ? [`--bind=${disk.mountedAt}:/var/lib/fairlead`] : []),
      ];
      // Its own filter does not know Landlock, which robots have: fairlead-confine would find none.
      const landlock = '--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self';
      const options = ['--quiet', '--directory', root, '--register=no', '--keep-unit', '--console=pipe', landlock];
      const identity = [`--machine=${name}`, `--hostname=${name}`, `--network-namespace-path=/run/netns/${cgroup}`];
      // Each guest needs a cgroup of its own, or robots collide; whoever moves there first takes the rest along.
      const enter = await enterCgroup(cgroup);
      const command = ['systemd-nspawn', ...options, ...identity, ...binds, '--kill-signal=SIGRTMIN+3', INIT];
      nspawn = spawn('sh', ['-c', `${enter}\nexec "$@"`, 'sh', ...command], {
        stdio: ['ignore', output, output],
        detached: true,
      });
      closeSync(output);
      leader = await waitFor(`${name} to have a first process`, () => childOf(nspawn?.pid ?? 0, isUp, consoleLog), {
        everyMs: 10,
      });
      await waitFor(
        `${name} to have booted`,
        async () => {
          if (!isUp()) throw new GiveUp(`${name} did not boot; see ${consoleLog}`);
          const { stdout } = await guest.run('systemctl', 'is-system-running', '--wait');
          return ['running', 'degraded'].includes(stdout.trim()) || undefined;
        },
        { everyMs: 25 },
      );
    },
    run: (...command) => ask('nsenter', '--target', String(leader), '--all', '--', ...SHELL, ...command),
    async must(...command) {
      const { exitCode, stdout, stderr } = await guest.run(...command);
      if (exitCode !== 0)
        throw new Error(`${name}: ${command.join(' ')} ended with ${exitCode}: ${stderr.trim()} ${stdout.trim()}`);
      return stdout;
    },
    async write(path, text, mode = 0o644) {
      const file = join(root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { mode });
    },
    async show<P extends string>(unit: string, ...properties: readonly P[]) {
      const shown = await guest.must('systemctl', 'show', unit, ...properties.flatMap((one) => ['-p', one]));
      const pairs = shown.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
      });
      return Object.fromEntries(pairs) as Record<P, string>;
    },
    journal: (unit) => guest.must('journalctl', '--boot', '--no-pager', '--output=cat', '--unit', unit),
    freeze: () => freezer(cgroup, '1'),
    thaw: () => freezer(cgroup, '0'),
    async cutPower(cut = { mode: 'flushed', random: () => 0 }) {
      // Else it would tell the world, in its last milliseconds, what the medium will never have heard of.
      await guest.freeze();
      await disk?.cutOff();
      await killLeader();
      await disk?.unmount(cut);
    },
    async untilOff() {
      const running = nspawn;
      if (running === undefined) throw new Error(`${name} was never booted`);
      if (isUp()) await once(running, 'exit');
      await disk?.unmount();
      return running.exitCode === REBOOTED ? 'rebooted' : 'powered off';
    },
    async remove() {
      await killLeader();
      await removeCgroup(cgroup);
      await disk?.unmount();
      await waitFor(`${root} to be unmounted`, async () => (await ask('umount', root)).exitCode === 0 || undefined);
      await cable.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };

  async function killLeader(): Promise<void> {
    if (nspawn === undefined || !isUp()) return;
    const gone = once(nspawn, 'exit');
    // Killing systemd-nspawn would leave the guest alive; its first process takes all the others with it.
    process.kill(leader, 'SIGKILL');
    await waitFor(`${name} to be dead`, () => isDead(leader), { everyMs: 2 });
    // Also systemd-nspawn itself may stand still.
    await guest.thaw();
    await gone;
  }
  return guest;
}

/** Every path on its own file system, but for what Debian itself keeps account of. */
export async function everythingIn(guest: Guest): Promise<ReadonlySet<string>> {
  const own = ['/var/lib/dpkg', '/var/log', '/var/cache', '/tmp', '/var/tmp'];
  const skip = own.flatMap((path) => ['-path', path, '-prune', '-o']);
  const found = await guest.must('find', '/', '-xdev', ...skip, '-print');
  return new Set(found.split('\n'));
}

/** Ended, and perhaps not yet collected: all processes of the guest were before it. */
const isDead = async (pid: number): Promise<true | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat === '' || stat.split(') ').at(-1)?.startsWith('Z') ? true : undefined;
};

async function childOf(pid: number, isUp: () => boolean, log: string): Promise<number | undefined> {
  if (!isUp()) throw new GiveUp(`systemd-nspawn ended: ${(await readFile(log, 'utf8')).slice(-500)}`);
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  for (const child of children) {
    const status = await readFile(`/proc/${child}/status`, 'utf8');
    if (/^NSpid:\t\d+\t1$/m.test(status)) return Number(child);
  }
  return undefined;
}

/** A few lines of shell, because a process can only be moved before it has children. */
async function enterCgroup(name: string): Promise<string> {
  const hierarchies = await cgroupHierarchies();
  return hierarchies.map((at) => `mkdir -p '${at}/${name}' && echo $$ >'${at}/${name}/cgroup.procs'`).join('\n');
}

/** Resolves once all of its processes stand still, or run again. */
async function freezer(name: string, value: '0' | '1'): Promise<void> {
  for (const hierarchy of await cgroupHierarchies()) {
    const cgroup = join(hierarchy, name);
    if (!existsSync(join(cgroup, 'cgroup.freeze'))) continue;
    await writeFile(join(cgroup, 'cgroup.freeze'), value);
    await waitFor(
      `${name} to be ${value === '1' ? 'frozen' : 'thawed'}`,
      async () => (await readFile(join(cgroup, 'cgroup.events'), 'utf8')).includes(`frozen ${value}`) || undefined,
      { everyMs: 2 },
    );
  }
}
