/**
 * What a disk holds after the power was cut behind record N. POSIX promises little, and this medium gives no more:
 * content lives once its file was synced, a name once its folder was. What was not synced is there, is not, or is
 * torn, each by itself and in any order, as a volatile cache leaves it.
 */
import { type DiskRecord, type InodeKind, ROOT_INODE } from './recording.ts';

/**
 * `kept`: everything written is there (a kernel crash on a good disk). `volatile`: of what was not flushed a random
 * part, some of it torn at a sector. `flushed`: only what was flushed.
 */
export const CUT_MODES = ['kept', 'volatile', 'flushed'] as const;
export type CutMode = (typeof CUT_MODES)[number];

const SECTOR = 512;
export const PIECE = 64 * 1024;

export interface MediumInode {
  readonly kind: InodeKind;
  mode: number;
  readonly target: string;
  content: Buffer;
  /** Where anything was ever written, in pieces of PIECE bytes: the rest of an image is empty. */
  readonly written: Set<number>;
  readonly names: Map<string, number>;
}
export type Medium = ReadonlyMap<number, MediumInode>;

type Change =
  | { readonly op: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly op: 'truncate'; readonly size: number }
  | { readonly op: 'chmod'; readonly mode: number }
  | { readonly op: 'names'; readonly drop?: string; readonly put?: readonly [name: string, inode: number] };

/** The medium before the first record. */
export const emptyMedium = (): Map<number, MediumInode> =>
  new Map([[ROOT_INODE, newInode({ kind: 'folder', mode: 0o755 })]]);

/**
 * Replays `records` on top of `base`, which is changed and returned. `random` decides what a volatile cache kept.
 */
export function cutPower(
  base: Map<number, MediumInode>,
  records: readonly DiskRecord[],
  mode: CutMode,
  random: () => number,
): Medium {
  const pending = new Map<number, Change[]>();
  const later = (inode: number, change: Change): void => {
    const changes = pending.get(inode);
    if (changes) changes.push(change);
    else pending.set(inode, [change]);
  };
  for (const record of records) {
    if (record.op === 'mark') continue;
    if (record.op === 'sync') {
      for (const change of pending.get(record.inode) ?? []) apply(base, record.inode, change);
      pending.delete(record.inode);
      continue;
    }
    if (record.op === 'create') base.set(record.inode, newInode(record));
    for (const [inode, change] of changesOf(record)) later(inode, change);
  }
  for (const [inode, changes] of pending) {
    for (const change of changes) {
      if (mode === 'flushed') break;
      const kept = mode === 'kept' ? change : survivorOf(change, random);
      if (kept) apply(base, inode, kept);
    }
  }
  return base;
}

function changesOf(record: Exclude<DiskRecord, { op: 'mark' | 'sync' }>): readonly (readonly [number, Change])[] {
  switch (record.op) {
    case 'write':
      return [[record.inode, record]];
    case 'truncate':
      return [[record.inode, record]];
    case 'chmod':
      return [[record.inode, record]];
    case 'create':
    case 'link':
      return [[record.parent, { op: 'names', put: [record.name, record.inode] }]];
    case 'unlink':
      return [[record.parent, { op: 'names', drop: record.name }]];
    case 'rename': {
      const put = [record.newName, record.inode] as const;
      // Inside one folder a rename is one change of that folder, and no cut shows half of it.
      if (record.from === record.to) return [[record.to, { op: 'names', drop: record.name, put }]];
      return [
        [record.to, { op: 'names', put }],
        [record.from, { op: 'names', drop: record.name }],
      ];
    }
  }
}

function survivorOf(change: Change, random: () => number): Change | undefined {
  if (random() < 0.5) return undefined;
  if (change.op !== 'write' || random() < 0.75) return change;
  const sectors = Math.floor(change.bytes.length / SECTOR);
  return { ...change, bytes: change.bytes.subarray(0, Math.floor(random() * (sectors + 1)) * SECTOR) };
}

function apply(medium: Map<number, MediumInode>, inode: number, change: Change): void {
  const of = medium.get(inode);
  if (!of) return;
  if (change.op === 'chmod') of.mode = change.mode;
  if (change.op === 'truncate') of.content = resized(of.content, change.size);
  if (change.op === 'write') {
    const end = change.at + change.bytes.length;
    if (end > of.content.length) of.content = resized(of.content, end);
    of.content.set(change.bytes, change.at);
    for (let piece = Math.floor(change.at / PIECE); piece * PIECE < end; piece += 1) of.written.add(piece);
  }
  if (change.op !== 'names') return;
  // A name that was put back meanwhile is another entry: only a later record takes it away.
  if (change.drop !== undefined) of.names.delete(change.drop);
  if (change.put) of.names.set(...change.put);
}

function resized(content: Buffer, size: number): Buffer {
  const other = Buffer.alloc(size);
  content.copy(other, 0, 0, Math.min(size, content.length));
  return other;
}

function newInode({ kind, mode, target = '' }: { kind: InodeKind; mode: number; target?: string }): MediumInode {
  return { kind, mode, target, content: Buffer.alloc(0), written: new Set(), names: new Map() };
}
