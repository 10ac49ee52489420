/**
 * The Debian that every guest boots, made once by mmdebstrap and kept in the user's cache: `node
 * tests/guest/harness/root-file-system.ts` makes it (this is what CI does). Guests lay an overlay on it and never
 * write to it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { must } from './host.ts';

const SUITE = 'bookworm';
const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'libnss-systemd',
  'iproute2',
  'procps',
  'ca-certificates',
  'libstdc++6',
  'strace',
];
/** A robot needs no login, no network manager of its own and no chores in the background. */
const MASKED = [
  'getty@.service',
  'console-getty.service',
  'getty.target',
  'systemd-logind.service',
  'systemd-networkd.service',
  'systemd-resolved.service',
  'systemd-timesyncd.service',
  'systemd-firstboot.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
];
/**
 * Under a container manager systemd finds its controllers read-only, and `MemoryMax=` would silently do nothing.
 * What is first in the guest makes them real.
 */
const FIRST_PROCESS = `#!/bin/sh
for controller in /sys/fs/cgroup /sys/fs/cgroup/memory /sys/fs/cgroup/pids /sys/fs/cgroup/cpu; do
  mount -o remount,bind,rw "$controller" 2>/dev/null
done
[ -d /sys/fs/cgroup/memory ] && mount -o remount,bind,ro /sys/fs/cgroup
exec /lib/systemd/systemd "$@"
`;
export const INIT = '/usr/local/lib/guest-init';

/** Counted up with every other change of what `make` does. */
const RECIPE = 2;
const key = createHash('sha256')
  .update(JSON.stringify([RECIPE, SUITE, PACKAGES, MASKED, FIRST_PROCESS]))
  .digest('hex');
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fairlead');
const ROOT_FILE_SYSTEM = join(CACHE, `guest-${key.slice(0, 12)}`);

let making: Promise<string> | undefined;

/** Its folder; made where it is not there yet. @throws Error where Debian's mirror cannot be reached. */
export function rootFileSystem(): Promise<string> {
  making ??= existsSync(ROOT_FILE_SYSTEM) ? Promise.resolve(ROOT_FILE_SYSTEM) : make();
  return making;
}

async function make(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'making-'));
  try {
    const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, '--dpkgopt=path-exclude=/usr/share/doc/*'];
    await must('mmdebstrap', '--quiet', ...options, SUITE, folder);
    // It is the guest's business, and the packages that we install there bring pages of their own.
    await rm(join(folder, 'etc/dpkg/dpkg.cfg.d/99mmdebstrap'), { force: true });
    const units = join(folder, 'etc/systemd/system');
    for (const unit of MASKED) {
      await rm(join(units, unit), { force: true });
      await symlink('/dev/null', join(units, unit));
    }
    await symlink('/lib/systemd/system/multi-user.target', join(units, 'default.target'));
    await mkdir(join(folder, 'etc/systemd/journald.conf.d'), { recursive: true });
    await writeFile(join(folder, 'etc/systemd/journald.conf.d/volatile.conf'), '[Journal]\nStorage=volatile\n');
    // mmdebstrap copies this machine's: a guest has a name of its own.
    for (const file of ['hostname', 'resolv.conf']) await rm(join(folder, 'etc', file), { force: true });
    await writeFile(join(folder, 'etc/hosts'), '127.0.0.1 localhost\n');
    await writeFile(join(folder, INIT), FIRST_PROCESS);
    await chmod(join(folder, INIT), 0o755);
    await chmod(folder, 0o755);
    // Somebody else may have been faster.
    if (!existsSync(ROOT_FILE_SYSTEM)) await rename(folder, ROOT_FILE_SYSTEM);
    return ROOT_FILE_SYSTEM;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(await rootFileSystem());
