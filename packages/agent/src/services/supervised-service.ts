/**
 * One command under the agent's care: started in a process group of its own, started again after every exit
 * nobody asked for, and still running when the agent itself restarts: the next agent adopts it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { accept, type Phase, type Result, refuse } from '@fairlead/shared/failure';
import type { ServiceCommand } from '../config.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { launchCommand } from './launch-command.ts';
import {
  findLeadersByMark,
  hasLiveMember,
  isRunning,
  type ProcessIdentity,
  signalGroup,
  statOf,
} from './process-group.ts';
import type { ServiceState } from './service-manager.ts';
import { readServiceRecord, type ServiceRecord, writeServiceRecord } from './service-record.ts';

export interface Supervision {
  readonly name: string;
  readonly command: ServiceCommand;
  readonly files: {
    readonly record: string;
    readonly log: string /** The component's link. */;
    readonly active: string;
  };
  readonly bootId: string;
  /** How often an adopted process is looked at, milliseconds. Default 1000. */
  readonly watchMs?: number;
  /** The pause before the first restart, milliseconds; it doubles. Default 500. */
  readonly firstPauseMs?: number;
}

const LONGEST_PAUSE_MS = 30_000;
const STOP_TIMEOUT_SEC = 10;
/** A killed group that is still there after this sits in the kernel (NFS, a dead driver). */
const KILL_PATIENCE_MS = 5_000;

export interface SupervisedService {
  adopt(): Promise<void>;
  start(phase: Phase): Promise<Result<void>>;
  stop(phase: Phase): Promise<Result<void>>;
  state(): ServiceState;
  /** Stops looking after it; the process itself goes on. */
  letGo(): void;
}

export function superviseService(supervision: Supervision): SupervisedService {
  const { name, command, files, bootId } = supervision;
  const mark = `FAIRLEAD_SERVICE=${files.record}`;
  const alone = oneAtATime();
  let record: ServiceRecord = { wanted: 'stopped', restarts: 0, bootId };
  let lastExit = 'never started';
  /** One supervision at a time; whoever plans a start or a stop ends the one before. */
  let watch = new AbortController();

  /**
   * Groups of this service that no record names: earlier agents started them on a full disk, or the service forked them
   * into sessions of their own.
   */
  const findUnrecorded = async (recorded?: ProcessIdentity): Promise<readonly ProcessIdentity[]> =>
    (await findLeadersByMark(mark)).filter(({ pid }) => pid !== recorded?.pid);
  /** Whether there may be any: not after a stop, so that the start after it does not look for them. */
  let mayBeUnrecorded = true;

  const save = async (next: ServiceRecord): Promise<void> => {
    record = next;
    // A full disk must not keep a robot's application down; the next agent finds the process by its mark.
    await writeServiceRecord(files.record, next).catch(() => undefined);
  };
  const launch = async () => {
    mayBeUnrecorded = true;
    const launched = await launchCommand({ command, active: files.active, log: files.log, mark });
    if (!launched.ok) return launched;
    const { pid, startTicks, ended } = launched.value;
    await save({ ...record, bootId, process: { pid, startTicks } });
    return accept(ended);
  };

  const supervise = (ended: (signal: AbortSignal) => Promise<string>): void => {
    watch.abort();
    watch = new AbortController();
    const { signal } = watch;
    startAgainAfter(ended(signal), signal).catch((error: unknown) => {
      if (!signal.aborted) lastExit = `it is no longer supervised: ${String(error)}`;
    });
  };
  const startAgainAfter = async (ended: Promise<string>, signal: AbortSignal): Promise<void> => {
    lastExit = await ended;
    while (!signal.aborted) {
      await alone(() => noteExit(signal));
      const pause = (supervision.firstPauseMs ?? 500) * 2 ** Math.min(record.restarts - 1, 10);
      await sleep(Math.min(LONGEST_PAUSE_MS, pause), undefined, { signal, ref: false });
      // A stop may have come first: then this supervision is over and must not start anything.
      const launched = await alone(async () => (signal.aborted ? undefined : await launch()));
      if (launched) lastExit = launched.ok ? await launched.value : launched.refused.detail;
    }
  };
  const noteExit = async (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return;
    const { process: gone, ...rest } = record;
    // What it forked would keep its ports and files from the next one.
    if (gone && (await isStillTheirs(gone))) signalGroup(gone.pid, 'SIGKILL');
    for (const { pid } of await findUnrecorded()) signalGroup(pid, 'SIGKILL');
    await save({ ...rest, restarts: record.restarts + 1 });
  };

  const endOfAdopted =
    (pid: number, startTicks: number) =>
    async (signal: AbortSignal): Promise<string> => {
      while (await isRunning(pid, startTicks)) {
        await sleep(supervision.watchMs ?? 1_000, undefined, { signal, ref: false });
      }
      return 'ended (an earlier agent started it, so its exit code is not known)';
    };

  /** What the last agent left: as it is recorded, or by its mark where the pid never reached the disk. */
  const findLeft = async (recorded: ServiceRecord['process']): Promise<ServiceRecord['process']> => {
    if (recorded && (await isRunning(recorded.pid, recorded.startTicks))) return recorded;
    return (await findUnrecorded())[0] ?? recorded;
  };

  /** Ends every process of this service. Resolves to the group that survived SIGKILL, if one did. */
  const endAll = async (): Promise<number | undefined> => {
    const known = record.process && (await isStillTheirs(record.process)) ? record.process : undefined;
    const patienceSec = command.stopTimeoutSec ?? STOP_TIMEOUT_SEC;
    const endAllOf = async (groups: readonly ProcessIdentity[]): Promise<number | undefined> => {
      const ended = await Promise.all(groups.map(({ pid }) => endGroup(pid, patienceSec)));
      return groups.find((_group, index) => !ended[index])?.pid;
    };
    // Looked for while the known one ends: each millisecond here is one without the application.
    const [survivor, others] = await Promise.all([
      endAllOf(known ? [known] : []),
      mayBeUnrecorded ? findUnrecorded(known) : [],
    ]);
    const other = await endAllOf(others);
    mayBeUnrecorded = survivor !== undefined || other !== undefined;
    return survivor ?? other;
  };

  const adopt = async (): Promise<void> => {
    const found = await readServiceRecord(files.record);
    if (found?.wanted !== 'running') return;
    const isThisBoot = found.bootId === bootId;
    const left = isThisBoot ? await findLeft(found.process) : undefined;
    if (left) {
      // If it died meanwhile, the supervision finds that at once, counts it and starts it again.
      await save({ ...found, process: left });
      supervise(endOfAdopted(left.pid, left.startTicks));
      return;
    }
    // After a boot nothing runs, and that is nobody's failure.
    await save({ wanted: 'running', restarts: isThisBoot ? found.restarts : 0, bootId });
    const launched = await launch();
    supervise(() => (launched.ok ? launched.value : Promise.resolve(launched.refused.detail)));
  };

  const start = async (phase: Phase): Promise<Result<void>> => {
    if (record.wanted === 'running' && record.process) return accept(undefined);
    watch.abort();
    // A process that no record names would keep the port, and answer health checks in the place of the new one.
    const survivor = await endAll();
    if (survivor !== undefined)
      return refuse({ phase, component: command.component, element: name, ...cannotStop(survivor) });
    await save({ wanted: 'running', restarts: 0, bootId });
    const launched = await launch();
    if (launched.ok) {
      supervise(() => launched.value);
      return accept(undefined);
    }
    await save({ wanted: 'stopped', restarts: 0, bootId });
    lastExit = launched.refused.detail;
    return refuse({ phase, component: command.component, element: name, retryable: false, ...launched.refused });
  };

  const stop = async (phase: Phase): Promise<Result<void>> => {
    watch.abort();
    await save({ ...record, wanted: 'stopped' });
    const survivor = await endAll();
    if (survivor !== undefined)
      return refuse({ phase, component: command.component, element: name, ...cannotStop(survivor) });
    // The disk knows since before the signal that nobody wants it; that it is gone can wait for the next start, while
    // nothing answers in its place.
    record = { wanted: 'stopped', restarts: 0, bootId };
    lastExit = 'stopped';
    return accept(undefined);
  };

  return {
    adopt: () => alone(adopt),
    start: (phase) => alone(() => start(phase)),
    stop: (phase) => alone(() => stop(phase)),
    state() {
      const { wanted, restarts, process: running } = record;
      if (wanted === 'stopped') return { state: 'stopped', restarts, detail: lastExit };
      if (running) return { state: 'running', restarts, detail: `process ${running.pid}, ${restarts} unplanned exits` };
      return { state: 'starting', restarts, detail: `${lastExit}; ${restarts} unplanned exits, will be tried again` };
    },
    letGo: () => watch.abort(),
  };
}

/** The number of a dead process may be a stranger's by now, where the agent was away for long. */
async function isStillTheirs({ pid, startTicks }: NonNullable<ServiceRecord['process']>): Promise<boolean> {
  const leader = await statOf(pid);
  return leader === undefined || leader.startTicks === startTicks;
}

/** SIGTERM, patience, SIGKILL. False where even that did not end it. */
async function endGroup(group: number, patienceSec: number): Promise<boolean> {
  signalGroup(group, 'SIGTERM');
  if (await isGoneWithin(group, patienceSec * 1000)) return true;
  signalGroup(group, 'SIGKILL');
  return isGoneWithin(group, KILL_PATIENCE_MS);
}

async function isGoneWithin(group: number, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  // Most programs end at once, and every millisecond here is one in which nobody answers.
  for (let pause = 1; await hasLiveMember(group); pause = Math.min(20, pause * 2)) {
    if (performance.now() >= deadline) return false;
    await sleep(pause);
  }
  return true;
}

const cannotStop = (group: number) => ({
  category: 'stop_failed',
  detail: `Process group ${group} is still there after SIGKILL.`,
  retryable: true,
  hint: 'It hangs in the kernel; look at its stack in /proc, or reboot the robot.',
});
