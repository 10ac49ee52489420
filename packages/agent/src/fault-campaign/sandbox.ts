/** The one folder that a campaign touches, and what of the machine it may use. */
import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CommandError, EXIT_CODES } from '../commands/command-context.ts';
import { machine, sweepSandbox } from './disk/machine.ts';
import type { DiskName } from './harness-proof.ts';
import { killAll } from './robot/agent-process.ts';

export interface Sandbox {
  /** In memory where that may be mounted; emptied at the end. */
  readonly work: string;
  /** What a failure leaves for its replay. */
  readonly kept: string;
  /** Recorded disks that this machine can show; none: no power cuts, and kills at moments only. */
  readonly disks: readonly DiskName[];
  /** One sentence for each thing that can't be done here, and why. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

const OWNER = 'campaign.pid';
/** A Unix socket's path holds 107 bytes, and the agent's lies this much below the sandbox. */
const LONGEST = 107 - '/work/slot-99/run/a.sock'.length;

export async function openSandbox(folder: string): Promise<Sandbox> {
  if (Buffer.byteLength(folder) > LONGEST) {
    throw new CommandError(`Give a sandbox with a shorter path than ${LONGEST} bytes: ${folder}`, EXIT_CODES.usage);
  }
  const owner = join(folder, OWNER);
  const work = join(folder, 'work');
  await claim(folder, owner);
  await empty(work);
  await mkdir(work, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const close = async (): Promise<void> => {
    await empty(work);
    await rm(owner, { force: true });
  };
  // Nothing of a campaign that somebody ends by hand stays mounted.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void closeAgainst(close).finally(() => process.exit(EXIT_CODES.failed)));
  }
  if (isRoot) {
    await machine('mount', '-t', 'tmpfs', '-o', 'mode=700', 'fairlead-campaign', work);
    // What is unmounted below it is so in the namespaces of all runs, or one run would hold the disk of another.
    await machine('mount', '--make-shared', work);
  }
  return {
    work,
    kept: join(folder, 'kept'),
    ...(await abilities(isRoot)),
    close,
  };
}

/** Runs that are under way go on until this process ends, and may put back what was just taken away. */
async function closeAgainst(close: () => Promise<void>): Promise<void> {
  for (let round = 1; round <= 3; round += 1) await close().catch(() => undefined);
}

async function empty(work: string): Promise<void> {
  await killAll(work);
  await sweepSandbox(work);
}

/** Ours, and of no other campaign that still runs. A folder with other things in it is somebody's. */
async function claim(folder: string, owner: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const strangers = names.filter((name) => ![OWNER, 'work', 'kept'].includes(name));
  if (strangers.length > 0) {
    throw new CommandError(
      `${folder} holds other things than a campaign (${strangers.slice(0, 3).join(', ')}).`,
      EXIT_CODES.usage,
      'Name an empty or a new folder: --sandbox DIR',
    );
  }
  const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
  if (pid > 1 && pid !== process.pid && (await isThere(`/proc/${pid}`))) {
    throw new CommandError(`Another campaign (process ${pid}) works in ${folder}.`, EXIT_CODES.failed);
  }
  await writeFile(owner, String(process.pid));
}

async function abilities(isRoot: boolean): Promise<Pick<Sandbox, 'disks' | 'missing'>> {
  if (!isRoot)
    return { disks: [], missing: ['not root: no disk can be recorded, so no power cuts and no exact kills'] };
  if (!(await isThere('/dev/fuse'))) {
    return { disks: [], missing: ['no /dev/fuse: no disk can be recorded, so no power cuts and no exact kills'] };
  }
  const lacking: string[] = [];
  if (!(await isThere('/dev/loop-control'))) lacking.push('/dev/loop-control');
  for (const program of ['mkfs.ext4', 'losetup']) if (!(await isProgram(program))) lacking.push(program);
  if (lacking.length === 0) return { disks: ['posix', 'ext4'], missing: [] };
  return {
    disks: ['posix'],
    missing: [`no ${lacking.join(', ')}: no cuts of a real ext4, all by the letter of POSIX`],
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function isProgram(name: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
