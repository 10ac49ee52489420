/** A disk of a robot's own that can be full, and a way to stop its agent in mid-step. Mounting needs root. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LivingRobot } from '../../../scripts/local-fleet/robot-process.ts';
import { waitFor } from '../../../scripts/local-fleet/wait-for.ts';

export const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write('skipped: disks can only be mounted as root\n');

export interface SmallDisk {
  /** Takes every byte that is left. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** Mounts a disk of so many MiB at `folder`, which is made. */
export function mountSmallDisk(folder: string, mib: number): SmallDisk {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder]);
  const filler = join(folder, '.filler');
  return {
    fill() {
      const fd = openSync(filler, 'a');
      for (const chunk of [Buffer.alloc(256 * 1024), Buffer.alloc(4096)]) {
        try {
          for (;;) writeSync(fd, chunk);
        } catch {
          // ENOSPC: that was the point. The smaller pieces take what is left.
        }
      }
      closeSync(fd);
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => void execFileSync('umount', ['--lazy', folder]),
  };
}

/** Does something to a robot in the moment in which its journal says `step`: the agent stands still meanwhile. */
export async function inStep(robot: LivingRobot, step: string, act: () => void): Promise<void> {
  const { pid } = robot.agent;
  const journal = join(robot.root, 'journal.json');
  const stepNow = (): string | undefined => {
    try {
      return (JSON.parse(readFileSync(journal, 'utf8')) as { step?: string }).step;
    } catch {
      return undefined;
    }
  };
  await waitFor(`${robot.name} to begin ${step}`, () => (stepNow() === step ? true : undefined), { everyMs: 1 });
  process.kill(pid, 'SIGSTOP');
  act();
  await pause(50);
  process.kill(pid, 'SIGCONT');
}
