/** What a process costs, as the kernel counts it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';

export interface MemoryMb {
  readonly resident: number;
  /** Pages that several processes share count by share. */
  readonly share: number;
  /** What no other process could use, and no file could give back. */
  readonly anonymous: number;
}

export async function memoryOf(pid: number | 'self'): Promise<MemoryMb> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN) / 1024;
  return { resident: mb('Rss'), share: mb('Pss'), anonymous: mb('Anonymous') };
}

/** Largest resident memory of the process since its start, or since `resetPeak`; MB. */
export async function peakMbOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** From here on, `peakMbOf` answers the largest resident memory since this call. */
export const resetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5');

/** CPU time of all threads, milliseconds; of children only once they are gone. */
export async function cpuMsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const each = await Promise.all(threads.map((thread) => cpuMsOfThread(pid, Number(thread))));
  return each.reduce((sum, ms) => sum + ms, 0);
}

/** CPU time of the thread that runs the event loop. */
export const mainThreadMsOf = (pid: number): Promise<number> => cpuMsOfThread(pid, pid);

async function cpuMsOfThread(pid: number, thread: number): Promise<number> {
  const schedstat = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
  return Number(schedstat.split(' ', 1)[0]) / 1e6;
}
