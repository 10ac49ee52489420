/**
 * The recorded disk itself: a process that mounts a file system of its own, keeps it in memory, and writes down
 * every change and every flush. It ends when it is unmounted. In a process of its own, because the one that uses
 * the disk waits for its answers.
 */
import { spawnSync } from 'node:child_process';
import { openSync, readSync, writeSync } from 'node:fs';
import { parse } from '@fairlead/shared/parse';
import { isMissing, systemCode } from '@fairlead/toolkit/file-error';
import { CommandError, EXIT_CODES } from '../../commands/command-context.ts';
import { createFileSystem } from './answer-kernel.ts';
import { parseRequest, REQUEST_BYTES } from './fuse-protocol.ts';
import { RecordedTree } from './recorded-tree.ts';
import { openRecorder } from './recording.ts';
import { type ArmedTrap, armTrap, Trap } from './trap.ts';

export interface RecordedDiskOrder {
  readonly mountPoint: string;
  readonly recording: string;
  /** A folder whose contents the disk begins with, or a file (an image) that it holds. */
  readonly from?: string;
  readonly fromImage?: string;
}

/** Prints `mounted` and serves until it is unmounted. */
export function serveRecordedDisk(order: RecordedDiskOrder): void {
  const tree = new RecordedTree();
  const record = openRecorder(order.recording);
  if (order.from !== undefined) tree.load(order.from, record);
  if (order.fromImage !== undefined) tree.load(order.fromImage, record, IMAGE_FILE);
  record({ op: 'mark', text: BEGIN_MARK });
  let trap: ArmedTrap | undefined;
  const answer = createFileSystem({
    tree,
    record,
    trap: () => trap,
    readControl: () => JSON.stringify(trap?.report() ?? {}),
    onControl: (text) => {
      const armed = text.startsWith('{') ? parse(Trap, JSON.parse(text)) : undefined;
      if (armed?.ok) trap = armTrap(armed.value);
      else for (const line of text.trim().split('\n')) record({ op: 'mark', text: line });
    },
  });
  const fuse = mountFuse(order.mountPoint);
  process.stdout.write('mounted\n');
  const buffer = Buffer.alloc(REQUEST_BYTES);
  for (;;) {
    const size = readRequest(fuse, buffer);
    if (size === 'unmounted') return;
    if (size === 'again') continue;
    const bytes = answer(parseRequest(buffer.subarray(0, size)));
    if (bytes) reply(fuse, bytes);
  }
}
export const IMAGE_FILE = 'disk.img';
/** Everything before it is what the disk began with. */
export const BEGIN_MARK = 'begin';

/** mount(2) looks for the descriptor in the table of the process that calls it: it is handed down as number 3. */
function mountFuse(mountPoint: string): number {
  const fuse = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
  const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'recorded', mountPoint], {
    stdio: ['ignore', 'ignore', 'pipe', fuse],
    encoding: 'utf8',
  });
  if (mounted.status === 0) return fuse;
  throw new CommandError(
    `The recorded disk could not be mounted: ${mounted.stderr.trim() || mounted.error?.message}`,
    EXIT_CODES.failed,
    'Run the campaign as root, where /dev/fuse is there.',
  );
}

function readRequest(fuse: number, buffer: Buffer): number | 'unmounted' | 'again' {
  try {
    return readSync(fuse, buffer, 0, buffer.length, null);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENODEV') return 'unmounted';
    // ENOENT: the request was taken back before it could be read.
    if (code === 'EINTR' || code === 'ENOENT' || code === 'EAGAIN') return 'again';
    throw error;
  }
}

function reply(fuse: number, bytes: Buffer): void {
  try {
    writeSync(fuse, bytes);
  } catch (error) {
    // Whoever asked is gone: killed, most likely, which is what this disk is for.
    if (!isMissing(error)) throw error;
  }
}
