/** Programs of the machine that the campaign needs (mount, losetup, mkfs), run to their end. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { removeTree } from '@fairlead/toolkit/bundle/remove-tree';
import { CommandError, EXIT_CODES } from '../../commands/command-context.ts';

const run = promisify(execFile);

/** What the program printed. Throws with its own words where it fails. */
export async function machine(program: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args)).stdout.trim();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new CommandError(`${program} ${args.join(' ')}: ${said || String(error)}`, EXIT_CODES.failed);
  }
}

/** Where something below `folder` is mounted, the innermost first. */
async function mountsBelow(folder: string): Promise<string[]> {
  return (await mountPoints()).filter((point) => point.startsWith(`${folder}/`)).toReversed();
}

async function mountPoints(): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
}

/** Patience first: a process that was just killed may still let go of its files. */
export async function unmount(point: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await machine('umount', point);
      return;
    } catch (error) {
      if (attempt >= 20) {
        await machine('umount', '--lazy', point).catch(() => undefined);
        return;
      }
      if (/not mounted|no mount point/.test(String(error))) return;
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
    }
  }
}

/** What was left behind in a folder: mounts below it first, then loop devices, its own mount, its files. */
export async function sweepSandbox(folder: string): Promise<void> {
  for (const point of await mountsBelow(folder)) await unmount(point);
  const loops = await machine('losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE').catch(() => '');
  for (const line of loops.split('\n')) {
    const [device = '', file = ''] = line.trim().split(/\s+/);
    if (file.startsWith(`${folder}/`)) await machine('losetup', '--detach', device).catch(() => undefined);
  }
  if ((await mountPoints()).includes(folder)) await unmount(folder);
  await removeTree(folder);
}
