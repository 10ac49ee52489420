/**
 * Runs something that must not be trusted in a process of its own: own process group, time-out by SIGKILL,
 * memory limits, low priority, scrubbed environment, bounded output. SIGKILL from outside is the only thing
 * that ends a model: ONNX Runtime's calls are native and synchronous, so no timer, no worker.terminate() and
 * no SIGTERM handler inside the process ever gets its turn (ONNX.md 3).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { bareEnvironment } from '../process/bare-environment.ts';
import { keepTail } from './bounded-tail.ts';
import { killGroup, killStrays } from './kill-strays.ts';
import { CLOCK_FACTOR } from './limits.ts';
import { type MemoryWatch, watchMemory } from './memory-watch.ts';
import { limitMemoryFromHere, withLimits } from './process-limits.ts';
import { processorTimeMs } from './processor-time.ts';

export interface GuardedOrder {
  /** Program (absolute path) and arguments; no shell. */
  readonly command: readonly string[];
  /** Put before the command; it must become the command (exec) in the same process. */
  readonly confine?: readonly string[];
  readonly cwd: string;
  /** An empty folder of this run's own: HOME and TMPDIR. */
  readonly scratch: string;
  /** By the clock; with `countsCpuTime` in processor time of the process, and at most CLOCK_FACTOR times that by the clock. */
  readonly timeoutMs: number;
  /** For programs that compute and never wait: another program's load does not count against them. */
  readonly countsCpuTime?: boolean;
  /** Address space from the start, MiB; for programs that are not Node. */
  readonly addressSpaceMb?: number;
  /** Resident memory at which the process is killed, MiB; `prepare` and `proceed` replace it. */
  readonly maxResidentMb?: number;
  readonly signal?: AbortSignal;
  /** Called for every line the process writes to descriptor 3. */
  readonly onLine?: (line: string, child: GuardedControls) => void;
}
export interface GuardedControls {
  /** Limits what the process may take from here on; then writes `input` as a line to its stdin. May be called again. */
  prepare(input: string, allowanceMb: number): void;
  /** The same for good: limits that are never raised. What it has taken since `prepare` does not count as its memory. */
  proceed(input: string, allowanceMb: number): void;
}
export interface GuardedEnd {
  readonly end: 'exited' | 'timed_out' | 'too_much_memory' | 'too_much_output' | 'cancelled' | 'not_started';
  /** Exit code, or the name of the signal that ended it. */
  readonly status: number | string;
  readonly ms: number;
  /** Processor time when its time-out ended it; absent otherwise and without /proc. */
  readonly cpuMs?: number;
  /** Peak resident memory, MiB, without `excludedMb`. */
  readonly peakMb: number;
  /** What it took between `prepare` and `proceed`, MiB. */
  readonly excludedMb: number;
  /** The last 4 KiB of stdout and stderr. */
  readonly output: string;
}
type Ending = GuardedEnd['end'];

/** All that fd 3 may carry, golden outputs included. */
const MAX_CHANNEL_BYTES = 256 * 2 ** 20;
/** A killed process that hangs in the kernel (a dead disk) is not waited for any longer. */
const STUCK_MS = 1500;
/** How long output may still arrive after the exit; a grandchild may hold the pipe open for ever. */
const DRAIN_MS = 200;

/** How much processor time the clock of a time-out may miss. */
const CPU_SLACK_MS = 100;

/** Resolves when the whole process group is gone: at the latest two seconds after the longest time that `timeoutMs` allows. */
export function runGuarded(order: GuardedOrder): Promise<GuardedEnd> {
  const started = performance.now();
  let child: ChildProcess;
  try {
    child = start(order);
  } catch (error) {
    const status = error instanceof Error ? error.message : String(error);
    return Promise.resolve({ end: 'not_started', status, ms: 0, peakMb: 0, excludedMb: 0, output: '' });
  }
  return new Promise((resolve) => {
    let watch: MemoryWatch | undefined;
    let ending: Ending = 'exited';
    let settled = false;
    let cpuMs: number | undefined;
    const tail = keepTail([child.stdout, child.stderr]);
    const settle = (status: number | string): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      watch?.stop();
      order.signal?.removeEventListener('abort', cancel);
      // Where no descriptor was free for a pipe, there are no streams at all.
      const streams: Partial<Pick<ChildProcess, 'stdio'>> = child;
      for (const stream of streams.stdio ?? []) stream?.destroy();
      killStrays(order.scratch);
      const ms = performance.now() - started;
      const [peakMb, excludedMb] = [watch?.peakMb() ?? 0, watch?.excludedMb() ?? 0];
      const used = { ms, peakMb, excludedMb, ...(cpuMs !== undefined && { cpuMs }) };
      resolve({ end: ending, status, ...used, output: tail.text() });
    };
    const kill = (why: Ending): void => {
      if (ending !== 'exited') return;
      ending = why;
      killGroup(child.pid);
      setTimeout(() => settle('SIGKILL'), STUCK_MS).unref();
    };
    const onTimeOut = (): void => {
      cpuMs = child.pid === undefined ? undefined : processorTimeMs(child.pid);
      const left = order.countsCpuTime && cpuMs !== undefined ? order.timeoutMs - cpuMs : 0;
      const clockLeft = started + CLOCK_FACTOR * order.timeoutMs - performance.now();
      if (Math.min(left, clockLeft) <= CPU_SLACK_MS) return kill('timed_out');
      timer = setTimeout(onTimeOut, Math.min(left, clockLeft));
    };
    let timer = setTimeout(onTimeOut, order.timeoutMs);
    const cancel = (): void => kill('cancelled');
    order.signal?.addEventListener('abort', cancel);
    child.once('error', (error) => {
      ending = 'not_started';
      settle(error.message);
    });
    child.once('exit', (code, signal) => {
      // What it left behind in its group goes with it, whether it ended well or not.
      killGroup(child.pid);
      const status = code ?? signal ?? -1;
      child.once('close', () => settle(status));
      setTimeout(() => settle(status), DRAIN_MS).unref();
    });
    if (child.pid === undefined) return;
    lowerPriority(child.pid);
    watch = watchMemory(child.pid, order.maxResidentMb ?? Number.POSITIVE_INFINITY, () => kill('too_much_memory'));
    if (order.onLine) listen(child, { pid: child.pid, watch }, order.onLine, kill);
    if (order.signal?.aborted) cancel();
  });
}

function start(order: GuardedOrder): ChildProcess {
  const cpuSec = 2 * Math.ceil(order.timeoutMs / 1000) + 2;
  const { addressSpaceMb } = order;
  const [program = '', ...args] = withLimits([...(order.confine ?? []), ...order.command], {
    cpuSec,
    ...(addressSpaceMb === undefined ? {} : { addressSpaceMb }),
  });
  return spawn(program, args, {
    cwd: order.cwd,
    // A group of its own, so that one kill reaches everything it starts.
    detached: true,
    stdio: [order.onLine ? 'pipe' : 'ignore', 'pipe', 'pipe', order.onLine ? 'pipe' : 'ignore'],
    env: bareEnvironment(order.scratch),
  });
}

function listen(
  child: ChildProcess,
  { pid, watch }: { readonly pid: number; readonly watch: MemoryWatch },
  onLine: NonNullable<GuardedOrder['onLine']>,
  kill: (why: Ending) => void,
): void {
  const stdin = child.stdin as Writable;
  stdin.on('error', () => undefined); // It died before it was told: its exit says more.
  const write = (input: string, limited: Promise<void>): void => {
    const goOn = (): void => void stdin.write(`${input}\n`);
    limited.then(goOn, goOn);
  };
  const controls: GuardedControls = {
    prepare: (input, allowanceMb) => {
      watch.mark(allowanceMb);
      write(input, limitMemoryFromHere(pid, allowanceMb, 'for now'));
    },
    proceed: (input, allowanceMb) => {
      watch.exclude(allowanceMb);
      write(input, limitMemoryFromHere(pid, allowanceMb, 'for good'));
    },
  };
  const channel = child.stdio[3] as Readable;
  let rest: Buffer[] = [];
  let received = 0;
  channel.on('error', () => undefined);
  channel.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > MAX_CHANNEL_BYTES) return kill('too_much_output');
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8');
      rest = [];
      from = end + 1;
      onLine(line, controls);
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  });
}

/** The robot's own work goes first. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 10);
  } catch {
    // It has already ended.
  }
}
