/** Watches a process's resident memory from outside: the second net, should the kernel's limits be absent. */
import { readFileSync } from 'node:fs';

/** Memory grows by 1-2 GB/s on a fast machine: 10 ms keeps the overshoot near 20 MB, for 30 µs of work each. */
const EVERY_MS = 10;

export interface MemoryWatch {
  /** Largest resident size seen, MiB; 0 before the first look or without /proc. */
  peakMb(): number;
  stop(): void;
}

/** Calls `onExceeded` once when the process's peak resident memory passes `limitMb`. */
export function watchMemory(pid: number, limitMb: number, onExceeded: () => void): MemoryWatch {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakResidentMb(pid));
    if (peak <= limitMb) return;
    clearInterval(timer);
    onExceeded();
  }, EVERY_MS);
  return { peakMb: () => peak, stop: () => clearInterval(timer) };
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
