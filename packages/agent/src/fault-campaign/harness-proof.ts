/**
 * A harness that never finds anything proves nothing. Before a campaign begins, writers that are wrong on purpose
 * must be caught, and the one way in which Fairlead writes must never be.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256Hex } from '@fairlead/shared/trust/digest';
import { syncFolder, writeDurably } from '@fairlead/toolkit/durable-files';
import { makeImage, mountImage, restless } from './disk/loop-disk.ts';
import { CUT_MODES, cutPower, emptyMedium, type Medium } from './disk/medium.ts';
import { fileIn, writeImage } from './disk/medium-files.ts';
import { pick, seededRandom, seedOf } from './disk/random.ts';
import { startRecordedDisk } from './disk/recorded-disk.ts';
import { type DiskRecord, readRecording } from './disk/recording.ts';
import { BEGIN_MARK, IMAGE_FILE } from './disk/serve-recorded-disk.ts';

/** Which disk a recording was made on: a real ext4 on a block device, or the letter of POSIX itself. */
export const DISKS = ['ext4', 'posix'] as const;
export type DiskName = (typeof DISKS)[number];

type Write = (path: string, content: string) => Promise<void>;

export const WRITERS = {
  'overwrites in place': { broken: true, write: writeInPlace },
  'without fsync': { broken: true, write: (path, content) => writeBeside(path, content, { folder: true }) },
  'without fsync of the folder': { broken: true, write: (path, content) => writeBeside(path, content, { file: true }) },
  'the way Fairlead writes': { broken: false, write: writeDurably },
} as const satisfies Record<string, { broken: boolean; write: Write }>;
export type WriterName = keyof typeof WRITERS;

export interface WriterProof {
  readonly disk: DiskName;
  readonly writer: WriterName;
  readonly cuts: number;
  /** Cuts after which the file was damaged, or older than what was acknowledged. */
  readonly caught: number;
  /** A broken writer was caught, or a correct one was not. */
  readonly holds: boolean;
}

export interface ProofOrder {
  /** The command line of this program. */
  readonly agent: readonly string[];
  readonly folder: string;
  readonly cuts: number;
  readonly seed: number;
}

export async function proveWriter(disk: DiskName, writer: WriterName, order: ProofOrder): Promise<WriterProof> {
  const { cuts, folder, seed } = order;
  const records = await recordWriter(disk, writer, order);
  const begin = records.findIndex((record) => record.op === 'mark' && record.text === BEGIN_MARK);
  const random = seededRandom(seedOf(seed, disk, writer));
  let caught = 0;
  for (let cut = 0; cut < cuts; cut += 1) {
    const until = records.slice(0, begin + 1 + pick(random, records.length - begin));
    const mode = CUT_MODES[cut % CUT_MODES.length] ?? 'flushed';
    const medium = cutPower(emptyMedium(), until, mode, random);
    const found = disk === 'posix' ? fileIn(medium, FILE) : await fileOnImage(medium, join(folder, 'after-cut'));
    if (!isSound(found?.toString('utf8'), acknowledgedIn(until))) caught += 1;
  }
  return { disk, writer, cuts, caught, holds: WRITERS[writer].broken === caught > 0 };
}

const FILE = 'version.json';
const VERSIONS = 40;

async function recordWriter(disk: DiskName, writer: WriterName, { agent, folder }: ProofOrder): Promise<DiskRecord[]> {
  await mkdir(folder, { recursive: true });
  const [recording, image] = [join(folder, 'recording'), join(folder, IMAGE_FILE)];
  if (disk === 'ext4') await makeImage(image);
  const mountPoint = join(folder, 'disk');
  const recorded = await startRecordedDisk(agent, {
    mountPoint,
    recording,
    ...(disk === 'ext4' && { fromImage: image }),
  });
  try {
    const ext4 = disk === 'ext4' ? join(folder, 'ext4') : undefined;
    const leave = ext4 === undefined ? undefined : await mountImage(join(mountPoint, IMAGE_FILE), ext4);
    const rest = ext4 === undefined ? undefined : restless(ext4);
    try {
      const file = join(ext4 ?? mountPoint, FILE);
      for (let version = 1; version <= VERSIONS; version += 1) {
        await WRITERS[writer].write(file, contentOf(version));
        await recorded.mark(`acknowledged ${version}`);
      }
    } finally {
      await rest?.();
      await leave?.();
    }
  } finally {
    await recorded.stop();
  }
  return readRecording(recording);
}

async function fileOnImage(medium: Medium, folder: string): Promise<Buffer | undefined> {
  await mkdir(folder, { recursive: true });
  const image = join(folder, IMAGE_FILE);
  await writeImage(medium, image);
  const leave = await mountImage(image, join(folder, 'ext4'));
  try {
    return await readFile(join(folder, 'ext4', FILE)).catch(() => undefined);
  } finally {
    await leave();
  }
}

/** Longer than a sector and no multiple of one: a torn write shows. */
const FILLER = 'walking '.repeat(700);

const contentOf = (version: number): string =>
  JSON.stringify({ version, filler: FILLER, sha256: sha256Hex(`${version}${FILLER}`) });

/** Whole, and no older than what was acknowledged. */
function isSound(text: string | undefined, acknowledged: number): boolean {
  if (text === undefined) return acknowledged === 0;
  const version = Number(/^\{"version":([0-9]+),/.exec(text)?.[1] ?? -1);
  return version >= acknowledged && text === contentOf(version);
}

const acknowledgedIn = (records: readonly DiskRecord[]): number =>
  records.filter((record) => record.op === 'mark' && record.text.startsWith('acknowledged ')).length;

const PIECE = 128;

async function writeInPlace(path: string, content: string): Promise<void> {
  const handle = await open(path, 'w');
  const half = Math.ceil(content.length / 2 / PIECE) * PIECE;
  // In pieces, as anything longer is written.
  for (let at = 0; at < content.length; at += PIECE) {
    // A kernel may write back what is there at any moment. Here it does so at the half, whatever the machine's load:
    // left to chance, a busy machine once wrote nothing back in time, and no cut could show the fault.
    if (at === half) await handle.sync();
    await handle.write(content.slice(at, at + PIECE));
  }
  await handle.sync();
  await handle.close();
  await syncFolder(dirname(path));
}

async function writeBeside(path: string, content: string, sync: { file?: boolean; folder?: boolean }): Promise<void> {
  const handle = await open(`${path}.tmp`, 'w');
  await handle.writeFile(content);
  if (sync.file) await handle.sync();
  await handle.close();
  await rename(`${path}.tmp`, path);
  if (sync.folder) await syncFolder(dirname(path));
}
