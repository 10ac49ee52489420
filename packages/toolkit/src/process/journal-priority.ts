/**
 * Where the output goes to the journal of systemd, each line begins with its priority (`<4>`, sd-daemon(3)), so that
 * `journalctl -p warning` finds it. Elsewhere lines stay plain.
 */
import { fstatSync } from 'node:fs';
import { type DestinationStream, pino } from 'pino';

/** pino's levels from this one on -> syslog's priority. */
const PRIORITIES = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
] as const;
const DEBUG = 7;

const priorityOf = (level: number): number => PRIORITIES.find(([from]) => level >= from)?.[1] ?? DEBUG;

/** Whether the open descriptor is the one systemd connected to the journal: JOURNAL_STREAM is inherited by children too. */
export function isJournal(env: NodeJS.ProcessEnv, fd: number): boolean {
  const [device, inode] = (env['JOURNAL_STREAM'] ?? '').split(':');
  if (device === undefined || inode === undefined) return false;
  const found = fstatSync(fd, { bigint: true });
  return `${found.dev}` === device && `${found.ino}` === inode;
}

/** Writes pino's lines to `to`, each behind the priority of its level. */
export function withPriorities(to: Pick<DestinationStream, 'write'>): DestinationStream {
  const destination = {
    [pino.symbols.needsMetadataGsym]: true,
    /** Set by pino before each line. */
    lastLevel: 30,
    write(line: string): void {
      to.write(`<${priorityOf(destination.lastLevel)}>${line}`);
    },
  };
  return destination;
}
