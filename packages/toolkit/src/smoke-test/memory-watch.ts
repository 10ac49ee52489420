/** Watches a process's resident memory from outside: the second net, should the kernel's limits be absent. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Memory grows by 1-2 GB/s on a fast machine: 10 ms keeps the overshoot near 20 MB, for 30 µs of work each. */
const EVERY_MS = 10;

export interface MemoryWatch {
  /** Largest resident size seen, without what is excluded, MiB; 0 before the first look or without /proc. */
  peakMb(): number;
  /** What the process took between `mark` and `exclude`, MiB; 0 without them. */
  excludedMb(): number;
  /** What the process holds now is its own, and counts. */
  mark(limitMb: number): void;
  /** What it has taken since `mark` does not count from here on. */
  exclude(limitMb: number): void;
  stop(): void;
}

/** Calls `onExceeded` once when the process's peak resident memory passes the limit, which `mark` and `exclude` replace. */
export function watchMemory(pid: number, maxMb: number, onExceeded: () => void): MemoryWatch {
  let [limit, peak, own, excluded] = [maxMb, 0, 0, 0];
  const timer = setInterval(() => {
    peak = Math.max(peak, peakResidentMb(pid) - excluded);
    if (peak <= limit) return;
    clearInterval(timer);
    onExceeded();
  }, EVERY_MS);
  return {
    peakMb: () => peak,
    excludedMb: () => excluded,
    mark: (limitMb) => {
      own = peakResidentMb(pid);
      limit = limitMb;
    },
    exclude: (limitMb) => {
      resetPeak(pid);
      // Where the kernel keeps the old peak, all of it is excluded: too generous rather than unjust.
      excluded = Math.max(0, peakResidentMb(pid) - own);
      peak = 0;
      limit = limitMb;
    },
    stop: () => clearInterval(timer),
  };
}

/** Sets the kernel's high-water mark back to what the process holds now (proc_pid_clear_refs(5)); not every kernel can. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Not built in, or the process has ended.
  }
}

/**
 * The kernel's own high-water mark, so that a peak between two looks is not missed. MiB, 0 where unknown.
 * Not `resourceUsage().maxRSS`: that one is inherited from the parent across fork and exec.
 */
export function peakResidentMb(pid: number | 'self'): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Math.ceil(Number(match[1]) / 1024) : 0;
  } catch {
    return 0;
  }
}
