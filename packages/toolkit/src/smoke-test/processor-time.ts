/** How much processor time a process has used, read from outside. */
import { readFileSync } from 'node:fs';

/** USER_HZ: what /proc counts in, the same 100 on every architecture that Linux and Node share. */
const MS_PER_TICK = 10;

/** Milliseconds of all its threads, in user and kernel; undefined where it has ended or there is no /proc. */
export function processorTimeMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks * MS_PER_TICK : undefined;
  } catch {
    return undefined;
  }
}
