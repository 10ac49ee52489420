/**
 * A recording read as an auditor reads books. Cuts find what is wrong by chance; these rules find it every time: what
 * a later word relies on must be durable before the word is given. Only a recording by the letter of POSIX has names.
 */
import type { DiskRecord } from './disk/recording.ts';
import { ROOT_INODE } from './disk/recording.ts';
import { BEGIN_MARK } from './disk/serve-recorded-disk.ts';
import type { Recording } from './power-cuts.ts';
import { REST_MARK, STATE_MARK } from './power-cuts.ts';
import { START_MARK } from './world/robot-application.ts';

/** Every broken rule once, as a sentence. */
export function auditWriteOrder({ records, states }: Recording): string[] {
  const books = new Books();
  const broken = new Set<string>();
  let unsafeAtRest: ReadonlySet<string> = new Set();
  const begin = records.findIndex((record) => record.op === 'mark' && record.text === BEGIN_MARK);
  const demand = (what: string, unsafe: readonly string[]): void => {
    for (const path of unsafe) broken.add(`${what}, and ${path} was not durable`);
  };
  for (const [at, record] of records.entries()) {
    books.enter(record);
    if (at <= begin) continue;
    const path = books.pathOfChange(record);
    if (record.op === 'rename' && path === JOURNAL) {
      demand('a journal was written over the step before it', books.unsafeBelow(RELEASES, DOWNLOADS));
    }
    if (path !== undefined && isAct(record, path) && !books.isSafe(JOURNAL)) {
      broken.add(`${generalised(path)} was made before its journal was durable`);
    }
    if (record.op !== 'mark') continue;
    if (record.text === REST_MARK) unsafeAtRest = new Set(books.unsafeBelow('root'));
    if (record.text.startsWith(START_MARK)) {
      demand(
        'the application was started',
        books.unsafeBelow(RELEASES).filter((unsafe) => unsafe.endsWith('/active')),
      );
    }
    const state = record.text.startsWith(STATE_MARK) ? states[Number(record.text.slice(STATE_MARK.length))] : undefined;
    const told = state?.reports.at(-1);
    if (told?.event !== 'update-ended') continue;
    demand('the end of an update was told', books.unsafeBelow(RELEASES));
    // What a new release makes of the state is its own affair; what a roll-back restores is ours.
    if (told.outcome === 'rolled-back') demand('a roll-back was told', books.unsafeBelow('state'));
  }
  // Twice: a write that is just under way when the recording ends is no finding.
  const still = books.unsafeBelow('root').filter((path) => unsafeAtRest.has(path) && !LEFT_TO_THE_CACHE.test(path));
  demand('the robot was at rest', still);
  return [...broken];
}

const JOURNAL = 'root/journal.json';
const RELEASES = 'root/components';
const DOWNLOADS = 'root/downloads';
/** An index that SQLite makes anew, logs, and the application's own state. */
const LEFT_TO_THE_CACHE = /-shm$|\.log(\.1)?$/;

/** What a step does to the world: it fetches, it unpacks, it switches. */
const isAct = (record: DiskRecord, path: string): boolean =>
  record.op === 'rename'
    ? /^root\/components\/[^/]+\/active$/.test(path)
    : record.op === 'create' && /^root\/(downloads|components\/[^/]+\/releases)\/[^/]+$/.test(path);

/** Digests and random parts would make one mistake look like many. */
const generalised = (path: string): string => path.replaceAll(/[0-9a-f]{12,}/g, '…');

/** Which names and contents are there, and which of them a power cut could still take. */
class Books {
  readonly #places = new Map<number, { readonly parent: number; readonly name: string }>();
  readonly #names = new Map<number, Map<string, number>>();
  /** Inode -> what of it is not synced: names in a folder, or CONTENT. */
  readonly #open = new Map<number, Set<string>>();

  enter(record: DiskRecord): void {
    switch (record.op) {
      case 'mark':
        return;
      case 'sync':
        this.#open.delete(record.inode);
        return;
      case 'write':
      case 'truncate':
      case 'chmod':
        return this.#leaveOpen(record.inode, CONTENT);
      case 'create':
        // A file that was never synced is empty at best; a link and a folder are their names.
        if (record.kind === 'file') this.#leaveOpen(record.inode, CONTENT);
        return this.#put(record.parent, record.name, record.inode);
      case 'link':
        return this.#put(record.parent, record.name, record.inode);
      case 'unlink':
        return this.#drop(record.parent, record.name);
      case 'rename':
        this.#drop(record.from, record.name);
        return this.#put(record.to, record.newName, record.inode);
    }
  }

  /** The path that a record makes or changes. */
  pathOfChange(record: DiskRecord): string | undefined {
    if (record.op === 'create') return join(this.#pathOf(record.parent), record.name);
    return record.op === 'rename' ? join(this.#pathOf(record.to), record.newName) : undefined;
  }

  isSafe(path: string): boolean {
    return this.#find(path) !== undefined && !this.#unsafe().includes(path);
  }

  unsafeBelow(...folders: readonly string[]): string[] {
    return this.#unsafe()
      .filter((path) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)))
      .map(generalised);
  }

  #unsafe(): string[] {
    const paths: string[] = [];
    for (const [inode, open] of this.#open) {
      const at = this.#pathOf(inode);
      // Without a name it is gone anyway.
      if (at === undefined) continue;
      for (const name of open) paths.push(name === CONTENT ? at : join(at, name));
    }
    return paths;
  }

  #find(path: string): number | undefined {
    let inode: number | undefined = ROOT_INODE;
    for (const name of path.split('/')) inode = inode === undefined ? inode : this.#names.get(inode)?.get(name);
    return inode;
  }

  #pathOf(inode: number): string | undefined {
    if (inode === ROOT_INODE) return '';
    const place = this.#places.get(inode);
    const parent = place && this.#pathOf(place.parent);
    return parent === undefined ? undefined : join(parent, place?.name ?? '');
  }

  #put(parent: number, name: string, inode: number): void {
    const names = this.#names.get(parent) ?? new Map<string, number>();
    this.#names.set(parent, names);
    const replaced = names.get(name);
    if (replaced !== undefined) this.#places.delete(replaced);
    names.set(name, inode);
    this.#places.set(inode, { parent, name });
    this.#leaveOpen(parent, name);
  }

  #drop(parent: number, name: string): void {
    const inode = this.#names.get(parent)?.get(name);
    if (inode !== undefined) this.#places.delete(inode);
    this.#names.get(parent)?.delete(name);
    this.#leaveOpen(parent, name);
  }

  #leaveOpen(inode: number, what: string): void {
    const open = this.#open.get(inode) ?? new Set<string>();
    this.#open.set(inode, open);
    open.add(what);
  }
}

/** No file has such a name. */
const CONTENT = '/';
const join = (folder: string | undefined, name: string): string => (folder ? `${folder}/${name}` : name);
