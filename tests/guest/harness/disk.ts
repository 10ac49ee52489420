/**
 * The disk of a robot that can lose its power: an ext4 on a recorded disk, mounted beside the guest. What the medium
 * holds after a cut is made from the recording: of what was not flushed all, a torn part, or nothing.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeImage, mountImage } from '@fairlead/agent/fault-campaign/disk/loop-disk';
import { type CutMode, cutPower, emptyMedium } from '@fairlead/agent/fault-campaign/disk/medium';
import { writeImage } from '@fairlead/agent/fault-campaign/disk/medium-files';
import { type RecordedDisk, startRecordedDisk } from '@fairlead/agent/fault-campaign/disk/recorded-disk';
import { readRecording } from '@fairlead/agent/fault-campaign/disk/recording';
import { IMAGE_FILE } from '@fairlead/agent/fault-campaign/disk/serve-recorded-disk';
import { packagedAgent } from './built-agent.ts';

const CUT = 'cut';
/** An agent wants 64 MB to stay free. */
const SIZE_MB = 96;

export interface Cut {
  readonly mode: CutMode;
  readonly random: () => number;
}

export interface Disk {
  /** Where it is mounted on this machine. */
  readonly mountedAt: string;
  mount(): Promise<void>;
  /** Whatever is written from now on never reached the medium. */
  cutOff(): Promise<void>;
  /** Nobody uses it any more. After a cut, the medium is as `cut` says; otherwise it is whole. */
  unmount(cut?: Cut): Promise<void>;
}

export async function makeDisk(folder: string): Promise<Disk> {
  const [image, recording] = [join(folder, 'medium.img'), join(folder, 'recording')];
  const [mountPoint, mountedAt] = [join(folder, 'recorded'), join(folder, 'disk')];
  await mkdir(mountedAt);
  await makeImage(image, SIZE_MB);
  let mounted: { readonly recorded: RecordedDisk; readonly leave: () => Promise<void> } | undefined;
  return {
    mountedAt,
    async mount() {
      const recorded = await startRecordedDisk((await packagedAgent()).command, {
        mountPoint,
        recording,
        fromImage: image,
      });
      mounted = { recorded, leave: await mountImage(join(mountPoint, IMAGE_FILE), mountedAt) };
    },
    cutOff: async () => mounted?.recorded.mark(CUT),
    async unmount(cut) {
      if (mounted === undefined) return;
      await mounted.leave();
      await mounted.recorded.stop();
      mounted = undefined;
      const all = readRecording(recording);
      const end = all.findIndex((record) => record.op === 'mark' && record.text === CUT);
      const until = end < 0 ? all : all.slice(0, end);
      const medium = cutPower(emptyMedium(), until, cut?.mode ?? 'kept', cut?.random ?? (() => 1));
      await writeImage(medium, image);
      await rm(recording);
    },
  };
}
