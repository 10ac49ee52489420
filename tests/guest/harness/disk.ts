/** The disk of a robot that can lose its power: an ext4 of its own in a file, mounted beside the guest. */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';
import { ask, must } from './host.ts';

export interface Disk {
  /** Where it is mounted on this machine. */
  readonly mountedAt: string;
  mount(): Promise<void>;
  /** From now on nothing reaches the disk any more, and what had not yet never will. */
  cutOff(): Promise<void>;
  /** Checks it, and throws where the file system itself was damaged. */
  unmount(): Promise<void>;
  remove(): Promise<void>;
}

const MB = 2 ** 20;

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH; Node has no ioctl. */
const SHUT_DOWN =
  'sysopen(my $f, $ARGV[0], 0) or die $!; my $how = pack("L", 2); ioctl($f, 0x8004587d, $how) or die $!';

export async function makeDisk(folder: string, sizeMb: number): Promise<Disk> {
  const image = join(folder, 'disk.img');
  const mountedAt = join(folder, 'disk');
  await mkdir(mountedAt, { recursive: true });
  const file = await open(image, 'w');
  await file.truncate(sizeMb * MB);
  await file.close();
  await must('mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0', image);
  return {
    mountedAt,
    // A commit every second, and no rescue of a writer that renames without fsync: defects show.
    mount: async () => void (await must('mount', '-o', 'loop,commit=1,noauto_da_alloc', image, mountedAt)),
    cutOff: async () => void (await must('perl', '-e', SHUT_DOWN, mountedAt)),
    async unmount() {
      await waitFor(`${mountedAt} to be unmounted`, async () => {
        const { exitCode, stderr } = await ask('umount', mountedAt);
        return exitCode === 0 || stderr.includes('not mounted') || undefined;
      });
    },
    async remove() {
      await rm(image, { force: true });
    },
  };
}
