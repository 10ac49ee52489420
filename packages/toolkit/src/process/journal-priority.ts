/**
 * Where the output goes to the journal of systemd, each line begins with its priority (`<4>`, sd-daemon(3)), so that
 * `journalctl -p warning` finds it. Elsewhere lines stay plain.
 */
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
