/** Answers the kernel's requests from a recorded tree, and records every change. */
import {
  attrReply,
  directoryEntry,
  type ErrorName,
  entryReply,
  type FuseRequest,
  initReply,
  MAX_WRITE,
  namesFrom,
  OP,
  openReply,
  reply,
  replyError,
  statfsReply,
  u32,
  u64,
  writeReply,
} from './fuse-protocol.ts';
import { attributesOf, type Inode, type RecordedTree, TYPE_MASK } from './recorded-tree.ts';
import { type DiskRecord, type InodeKind, ROOT_INODE } from './recording.ts';
import type { ArmedTrap, StepKind } from './trap.ts';

/** A file in the root that is no part of the disk: marks and orders are written to it, counts are read from it. */
export const CONTROL_FILE = '.control';
const CONTROL_INODE = 2 ** 40;
const CONTROL = { inode: CONTROL_INODE, size: 0, mode: 0o100666, links: 1, mtimeMs: 0, ctimeMs: 0 };

export interface FileSystemDeps {
  readonly tree: RecordedTree;
  readonly record: (record: DiskRecord) => void;
  /** What was written to the control file. */
  readonly onControl: (text: string) => void;
  readonly readControl: () => string;
  readonly trap: () => ArmedTrap | undefined;
}
type Answer = Buffer | ErrorName | 'silence';
type Handler = (request: FuseRequest) => Answer;

/** The reply's bytes, or nothing where the kernel expects none. */
export function createFileSystem(deps: FileSystemDeps): (request: FuseRequest) => Buffer | undefined {
  const handlers = handlersOf(deps);
  const kindsOf = stepKinds(deps.tree);
  return (request) => {
    const kinds = kindsOf[request.opcode]?.(request) ?? [];
    const failure = kinds.length > 0 ? deps.trap()?.before(kinds, request.thread) : undefined;
    const answer = failure ?? handlers[request.opcode]?.(request) ?? 'ENOSYS';
    if (kinds.length > 0) deps.trap()?.after();
    if (answer === 'silence') return undefined;
    return typeof answer === 'string' ? replyError(request.unique, answer) : reply(request.unique, answer);
  };
}

function handlersOf({ tree, record, onControl, readControl }: FileSystemDeps): Readonly<Record<number, Handler>> {
  const folders = new Map<number, readonly Buffer[]>();
  let handles = 0;
  const silence: Handler = () => 'silence';
  const done: Handler = () => Buffer.alloc(0);

  const make = (parent: number, name: string, kind: InodeKind, mode: number, target?: string): Inode => {
    const made = tree.make(kind, mode, target);
    tree.put(parent, name, made.inode);
    record({
      op: 'create',
      inode: made.inode,
      kind,
      mode: made.mode,
      parent,
      name,
      ...(target !== undefined && { target }),
    });
    return made;
  };
  const remove = (parent: number, name: string): Answer => {
    const gone = tree.find(parent, name);
    if (!gone) return 'ENOENT';
    if (gone.names.size > 0) return 'ENOTEMPTY';
    tree.remove(parent, name);
    record({ op: 'unlink', inode: gone.inode, parent, name });
    return Buffer.alloc(0);
  };
  const rename = (from: number, to: number, [name = '', newName = '']: readonly string[]): Answer => {
    const moved = tree.find(from, name);
    if (!moved) return 'ENOENT';
    const replaced = tree.find(to, newName);
    if (replaced && replaced.names.size > 0) return 'ENOTEMPTY';
    if (replaced) tree.remove(to, newName);
    tree.get(from).names.delete(name);
    tree.put(to, newName, moved.inode);
    record({ op: 'rename', inode: moved.inode, from, name, to, newName });
    return Buffer.alloc(0);
  };
  const sync: Handler = ({ node }) => {
    if (node !== CONTROL_INODE) record({ op: 'sync', inode: node });
    return Buffer.alloc(0);
  };
  const entry = (of: Inode): Buffer => entryReply(attributesOf(of));

  return {
    [OP.init]: initReply,
    [OP.forget]: silence,
    [OP.batchForget]: silence,
    [OP.interrupt]: silence,
    [OP.destroy]: done,
    [OP.flush]: done,
    [OP.release]: done,
    [OP.releasedir]: done,
    [OP.statfs]: statfsReply,
    [OP.fsync]: sync,
    [OP.fsyncdir]: sync,
    [OP.lookup]: ({ node, body }) => {
      const [name = ''] = namesFrom(body);
      if (node === ROOT_INODE && name === CONTROL_FILE) return entryReply(CONTROL);
      const found = tree.find(node, name);
      return found ? entry(found) : 'ENOENT';
    },
    [OP.getattr]: ({ node }) => attrReply(node === CONTROL_INODE ? CONTROL : attributesOf(tree.get(node))),
    [OP.setattr]: ({ node, body }) => {
      if (node === CONTROL_INODE) return attrReply(CONTROL);
      const valid = u32(body, 0);
      const inode = tree.get(node);
      if (valid & SET.size) {
        tree.truncate(node, u64(body, 16));
        record({ op: 'truncate', inode: node, size: inode.size });
      }
      if (valid & SET.mode) {
        inode.mode = (inode.mode & TYPE_MASK) | (u32(body, 68) & 0o7777);
        inode.ctimeMs = Date.now();
        record({ op: 'chmod', inode: node, mode: inode.mode });
      }
      if (valid & SET.mtime) inode.mtimeMs = u64(body, 40) * 1000 + u32(body, 60) / 1_000_000;
      return attrReply(attributesOf(inode));
    },
    [OP.readlink]: ({ node }) => Buffer.from(tree.get(node).target),
    [OP.symlink]: ({ node, body }) => {
      const [name = '', target = ''] = namesFrom(body);
      return entry(make(node, name, 'link', 0o777, target));
    },
    [OP.mknod]: ({ node, body }) => {
      const mode = u32(body, 0);
      const isFile = (mode & TYPE_MASK) === 0o100000;
      return entry(make(node, namesFrom(body, 16)[0] ?? '', isFile ? 'file' : 'other', mode));
    },
    [OP.mkdir]: ({ node, body }) => entry(make(node, namesFrom(body, 8)[0] ?? '', 'folder', u32(body, 0))),
    [OP.create]: ({ node, body }) => {
      const made = make(node, namesFrom(body, 16)[0] ?? '', 'file', u32(body, 4));
      return Buffer.concat([entry(made), openReply(0)]);
    },
    [OP.unlink]: ({ node, body }) => remove(node, namesFrom(body)[0] ?? ''),
    [OP.rmdir]: ({ node, body }) => remove(node, namesFrom(body)[0] ?? ''),
    [OP.rename]: ({ node, body }) => rename(node, u64(body, 0), namesFrom(body, 8)),
    [OP.rename2]: ({ node, body }) => (u32(body, 8) === 0 ? rename(node, u64(body, 0), namesFrom(body, 16)) : 'ENOSYS'),
    [OP.link]: ({ node, body }) => {
      const linked = tree.get(u64(body, 0));
      const [name = ''] = namesFrom(body, 8);
      linked.links += 1;
      tree.put(node, name, linked.inode);
      record({ op: 'link', inode: linked.inode, parent: node, name });
      return entry(linked);
    },
    [OP.open]: ({ node }) => openReply(0, { direct: node === CONTROL_INODE }),
    [OP.read]: ({ node, body }) => {
      const [at, size] = [u64(body, 8), u32(body, 16)];
      return node === CONTROL_INODE ? Buffer.from(readControl()).subarray(at, at + size) : tree.read(node, at, size);
    },
    [OP.write]: ({ node, body }) => {
      const size = Math.min(u32(body, 16), MAX_WRITE);
      // A copy: the request's buffer is used again for the next one.
      const bytes = Buffer.from(body.subarray(40, 40 + size));
      if (node === CONTROL_INODE) {
        onControl(bytes.toString('utf8'));
        return writeReply(size);
      }
      const at = u64(body, 8);
      tree.write(node, at, bytes);
      record({ op: 'write', inode: node, at, bytes });
      return writeReply(size);
    },
    [OP.opendir]: ({ node }) => {
      handles += 1;
      // As it is now: whoever empties a folder while reading it must still see every name once.
      const names = [...tree.get(node).names];
      folders.set(
        handles,
        names.map(([name, inode], at) => directoryEntry(inode, at + 1, name, tree.get(inode).mode >> 12)),
      );
      return openReply(handles);
    },
    [OP.readdir]: ({ body }) => {
      const [from, room] = [u64(body, 8), u32(body, 16)];
      const page: Buffer[] = [];
      let size = 0;
      for (const bytes of folders.get(u64(body, 0))?.slice(from) ?? []) {
        if ((size += bytes.length) > room) break;
        page.push(bytes);
      }
      return Buffer.concat(page);
    },
  };
}

const SET = { mode: 1, size: 8, mtime: 32 } as const;
const JOURNAL = 'journal.json';

/** Which kinds of step a request is; what only reads is none. */
function stepKinds(tree: RecordedTree): Readonly<Record<number, (request: FuseRequest) => readonly StepKind[]>> {
  const unlink = ({ body }: FuseRequest): StepKind[] =>
    namesFrom(body)[0] === JOURNAL ? ['unlink', 'journal'] : ['unlink'];
  const rename = (names: readonly string[]): StepKind[] => (names[1] === JOURNAL ? ['rename', 'journal'] : ['rename']);
  return {
    [OP.fsync]: () => ['sync'],
    [OP.fsyncdir]: () => ['sync-folder'],
    [OP.rename]: ({ body }) => rename(namesFrom(body, 8)),
    [OP.rename2]: ({ body }) => rename(namesFrom(body, 16)),
    [OP.unlink]: unlink,
    [OP.rmdir]: () => ['unlink'],
    [OP.mkdir]: () => ['mkdir'],
    [OP.symlink]: () => ['symlink'],
    [OP.create]: () => ['create'],
    [OP.write]: ({ node }) => (node === CONTROL_INODE ? [] : ['write']),
    [OP.setattr]: ({ node, body }) => {
      const valid = u32(body, 0);
      if (node === CONTROL_INODE) return [];
      if (valid & SET.size) return tree.get(node).size === u64(body, 16) ? [] : ['truncate'];
      return valid & SET.mode ? ['chmod'] : [];
    },
  };
}
