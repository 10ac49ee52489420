/**
 * What happened to a recorded disk, in order: every change, every flush, and the marks of the world around it
 * ("the server has acknowledged report 7"). A file of records, so that a cut can be replayed on another day.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';

export type InodeKind = 'file' | 'folder' | 'link' | 'other';

export type DiskRecord =
  | {
      readonly op: 'create';
      readonly inode: number;
      readonly kind: InodeKind;
      readonly mode: number;
      readonly parent: number;
      readonly name: string;
      /** Of a link: where it points. */
      readonly target?: string;
    }
  | { readonly op: 'write'; readonly inode: number; readonly at: number; readonly bytes: Uint8Array }
  | { readonly op: 'truncate'; readonly inode: number; readonly size: number }
  | { readonly op: 'chmod'; readonly inode: number; readonly mode: number }
  | {
      readonly op: 'rename';
      readonly inode: number;
      readonly from: number;
      readonly name: string;
      readonly to: number;
      readonly newName: string;
    }
  | { readonly op: 'link'; readonly inode: number; readonly parent: number; readonly name: string }
  | { readonly op: 'unlink'; readonly inode: number; readonly parent: number; readonly name: string }
  /** fsync or fdatasync of a file, fsync of a folder, FLUSH of a block device. */
  | { readonly op: 'sync'; readonly inode: number }
  | { readonly op: 'mark'; readonly text: string };

export const ROOT_INODE = 1;

/** Appends records to a file; each is `header length, payload length, header (JSON), payload`. */
export function openRecorder(file: string): (record: DiskRecord) => void {
  const fd = openSync(file, 'w');
  return (record) => {
    const bytes = record.op === 'write' ? record.bytes : NOTHING;
    const header = Buffer.from(JSON.stringify(record.op === 'write' ? { ...record, bytes: undefined } : record));
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(header.length, 0);
    lengths.writeUInt32LE(bytes.length, 4);
    writeSync(fd, Buffer.concat([lengths, header, bytes]));
  };
}
const NOTHING = new Uint8Array();

/** The records of a file that `openRecorder` wrote: our own, so their form is not checked again. */
export function readRecording(file: string): DiskRecord[] {
  const bytes = readFileSync(file);
  const records: DiskRecord[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const headerEnd = at + 8 + bytes.readUInt32LE(at);
    const end = headerEnd + bytes.readUInt32LE(at + 4);
    const record = JSON.parse(bytes.toString('utf8', at + 8, headerEnd)) as DiskRecord;
    records.push(record.op === 'write' ? { ...record, bytes: bytes.subarray(headerEnd, end) } : record);
    at = end;
  }
  return records;
}
