/** What a booted guest needs of this machine; `npm test` on a bare one skips these tests and says why. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ask } from './host.ts';
import { rootFileSystem } from './root-file-system.ts';

const PROGRAMS = ['systemd-nspawn', 'mmdebstrap', 'ip', 'nsenter', 'mkfs.ext4', 'losetup'];

/** Undefined where guests can be booted; otherwise the reason in words, which is also printed. */
export const whyNoGuests: string | undefined = await findReason();
if (whyNoGuests !== undefined) process.stdout.write(`skipped: booted guests: ${whyNoGuests}\n`);

async function findReason(): Promise<string | undefined> {
  if (process.env['FAIRLEAD_GUEST'] !== '1') return 'they take minutes and root; FAIRLEAD_GUEST=1 asks for them';
  if (process.getuid?.() !== 0) return 'only root can boot one';
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const missing = PROGRAMS.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length > 0) return `this machine lacks ${missing.join(', ')}`;
  if (!existsSync('/dev/fuse')) return 'this machine has no /dev/fuse for their disks';
  if ((await ask('unshare', '--mount', '--net', 'true')).exitCode !== 0) return 'this root may make no namespaces';
  try {
    await rootFileSystem();
    return undefined;
  } catch (error) {
    return `Debian could not be fetched: ${String(error).split('\n')[0]}`;
  }
}
