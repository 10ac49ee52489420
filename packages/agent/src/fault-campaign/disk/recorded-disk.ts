/** The harness' side of a recorded disk: starts it, speaks to it, ends it. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, EXIT_CODES } from '../../commands/command-context.ts';
import { CONTROL_FILE } from './answer-kernel.ts';
import { unmount } from './machine.ts';
import type { RecordedDiskOrder } from './serve-recorded-disk.ts';
import type { Trap, TrapReport } from './trap.ts';

export interface RecordedDisk {
  readonly mountPoint: string;
  /** Marks are written here, one line each; scripts of the robot may do so too. */
  readonly controlFile: string;
  mark(text: string): Promise<void>;
  arm(trap: Trap): Promise<void>;
  report(): Promise<TrapReport>;
  /** Nobody may use the disk any more. Its recording is complete when this resolves. */
  stop(): Promise<void>;
}

const HELD_MS = 5_000;

/** `agent`: the command line of this very program, which serves the disk in a process of its own. */
export async function startRecordedDisk(agent: readonly string[], order: RecordedDiskOrder): Promise<RecordedDisk> {
  await mkdir(order.mountPoint, { recursive: true });
  const [program = '', ...args] = agent;
  const server = spawn(program, [...args, 'fault-campaign-disk', JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.stdout.once('data', () => resolve());
    server.once('error', reject);
    void ended.then(() => reject(new CommandError(said.trim() || 'The recorded disk ended.', EXIT_CODES.failed)));
  });
  const controlFile = join(order.mountPoint, CONTROL_FILE);
  const tell = (text: string): Promise<void> => writeFile(controlFile, text);
  return {
    mountPoint: order.mountPoint,
    controlFile,
    mark: tell,
    arm: (trap) => tell(JSON.stringify(trap)),
    report: async () => JSON.parse(await readFile(controlFile, 'utf8')),
    stop: async () => {
      await unmount(order.mountPoint);
      // Somebody else's mount namespace (a container that was started meanwhile) may hold a copy of the mount.
      const held = setTimeout(() => server.kill('SIGKILL'), HELD_MS);
      await ended;
      clearTimeout(held);
      if (said.trim() !== '') throw new CommandError(`The recorded disk failed: ${said.trim()}`, EXIT_CODES.failed);
    },
  };
}
