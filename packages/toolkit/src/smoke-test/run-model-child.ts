/** The parent's half: starts the child, tells it its order, and turns whatever happens into one verdict. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { parse } from '@fairlead/shared/parse';
import { type Finding, finding } from './findings.ts';
import { type GuardedControls, type GuardedEnd, runGuarded } from './guarded-child.ts';
import { ChildMessage, type ModelOrder } from './model-protocol.ts';

export interface ModelLimits {
  /** Processor time. */
  readonly timeoutMs: number;
  readonly maxMemoryMb: number;
  readonly confine?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each message in `said` as it arrives: what was said before the child failed counts for some callers. */
  readonly onMessage?: (message: ChildMessage) => void;
}
export interface ModelRun {
  /** What the child said, in order, without 'ready', 'prepared' and 'doing'. */
  readonly said: readonly ChildMessage[];
  /** Without what reading the goldens took (`excludedMb`). */
  readonly peakMb: number;
  readonly excludedMb: number;
  /** From the call until ONNX Runtime was loaded in the child. */
  readonly startMs: number;
}
/** What reading the goldens may take, MiB, where the model's own limit is smaller: it is not the model's memory. */
const READING_MB = 2048;
const CHILD = fileURLToPath(new URL('./child/model-child.ts', import.meta.url));

/** Ends at the latest CLOCK_FACTOR times `timeoutMs` after the call (plus two seconds), whatever the model does. */
export async function runModelChild(order: ModelOrder, limits: ModelLimits): Promise<Result<ModelRun, Finding>> {
  const scratch = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
  try {
    const said: ChildMessage[] = [];
    let doing = 'starting';
    let garbled = false;
    let prepared = false;
    const started = performance.now();
    let startMs: number | undefined;
    const onLine = (line: string, child: GuardedControls): void => {
      const message = parseLine(line);
      if (!message) garbled = true;
      else if (message.kind === 'ready') {
        // Once: limits are never set anew, and so never raised, by what a model makes its process say.
        if (startMs !== undefined) return;
        startMs = performance.now() - started;
        doing = 'reading its order';
        child.prepare(JSON.stringify(order), Math.max(READING_MB, limits.maxMemoryMb));
      } else if (message.kind === 'prepared') {
        // Once, before the model is opened.
        if (prepared) return;
        prepared = true;
        child.proceed('go on', limits.maxMemoryMb);
      } else if (message.kind === 'doing') doing = message.what;
      else {
        said.push(message);
        limits.onMessage?.(message);
      }
    };
    const ended = await runGuarded({
      command: [process.execPath, '--no-warnings', '--expose-gc', CHILD],
      // An empty folder: no file of ours can be found by a relative name.
      cwd: scratch,
      scratch,
      timeoutMs: limits.timeoutMs,
      countsCpuTime: true,
      maxResidentMb: limits.maxMemoryMb,
      ...(limits.confine ? { confine: limits.confine } : {}),
      ...(limits.signal ? { signal: limits.signal } : {}),
      onLine,
    });
    const refused = said.find((message) => message.kind === 'refused');
    if (refused) return refuse(refused.found);
    const allowed = prepared ? limits : { ...limits, maxMemoryMb: Math.max(READING_MB, limits.maxMemoryMb) };
    const failed = judge(ended, order.model, doing, allowed);
    if (failed) return refuse(failed);
    if (garbled) return refuse(finding('crashed', order.model, `Its process spoke nonsense while ${doing}.`));
    return accept({ said, peakMb: ended.peakMb, excludedMb: ended.excludedMb, startMs: startMs ?? 0 });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function parseLine(line: string): ChildMessage | undefined {
  try {
    const message = parse(ChildMessage, JSON.parse(line));
    return message.ok ? message.value : undefined;
  } catch {
    return undefined;
  }
}

/** Why this end is no success, or undefined. */
function judge(ended: GuardedEnd, model: string, doing: string, limits: ModelLimits): Finding | undefined {
  const { end, status, output } = ended;
  switch (end) {
    case 'cancelled':
      return finding('cancelled', model, 'The test was cancelled.');
    case 'not_started':
      return finding('could_not_run', model, `The test process could not be started: ${status}.`);
    case 'timed_out':
      return judgeTimeOut(ended, model, doing, limits);
    case 'too_much_memory':
      return finding(
        'too_much_memory',
        model,
        `Killed at ${ended.peakMb} MiB of ${limits.maxMemoryMb} MiB while ${doing}.`,
      );
    case 'too_much_output':
      return finding('too_large', model, 'Its answers are larger than 256 MiB.');
    case 'exited':
      break;
  }
  if (status === 0) return undefined;
  const tail = output.slice(-1200);
  if (doing === 'starting') return finding('could_not_run', model, `The test process ended (${status}): ${tail}`);
  // Not our SIGKILL: where a machine or a group of processes runs out of memory, the kernel ends the test first. At less
  // than its own budget the model is not the cause. A model sends no signal: the others come with the end of the agent.
  if (status === 'SIGKILL' && ended.peakMb >= limits.maxMemoryMb * USED_UP)
    return finding('too_much_memory', model, `The system killed it at ${ended.peakMb} MiB while ${doing}.`);
  if (FROM_OUTSIDE.has(status)) {
    const memory = `${ended.peakMb} MiB of ${limits.maxMemoryMb} MiB`;
    return finding('could_not_run', model, `${status} from outside ended it at ${memory} while ${doing}.`);
  }
  // V8 and the C++ library abort when an allocation fails at the limit.
  if (/out of memory|bad_alloc|Allocation failed|cannot allocate/i.test(output)) {
    return finding(
      'too_much_memory',
      model,
      `An allocation failed at the limit of ${limits.maxMemoryMb} MiB while ${doing}.`,
    );
  }
  return finding('crashed', model, `Its process ended (${status}) while ${doing}: ${tail}`);
}

/** A model that used up its processor time is slow itself; one that did not get it says nothing about the model. */
function judgeTimeOut({ ms, cpuMs }: GuardedEnd, model: string, doing: string, { timeoutMs }: ModelLimits): Finding {
  const seconds = (time: number): string => (time / 1000).toFixed(1);
  const clock = `${seconds(ms)} s`;
  // Not the model's doing: it was not even named yet.
  if (doing === 'starting') return finding('could_not_run', model, `The test process did not start in ${clock}.`);
  if (cpuMs === undefined) return finding('timed_out', model, `Killed after ${clock} while ${doing}.`);
  const used = `${seconds(cpuMs)} s of processor time in ${clock}`;
  if (cpuMs >= timeoutMs * USED_UP)
    return finding('timed_out', model, `Killed while ${doing}: it used ${used}; allowed are ${seconds(timeoutMs)} s.`);
  return finding('machine_busy', model, `Stopped while ${doing}: it got only ${used}, of ${seconds(timeoutMs)} s.`);
}

/** The share of what is allowed (processor time, memory) from which its end is the model's own. */
const USED_UP = 0.9;
const FROM_OUTSIDE: ReadonlySet<number | string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);
