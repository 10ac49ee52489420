/** Process groups as /proc shows them. A service is a group: what it forked goes with it. */
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessStat {
  /** One letter; Z and X are dead already. */
  readonly state: string;
  readonly group: number;
  /** Clock ticks since boot: with the pid it names a process for good, the pid alone is reused. */
  readonly startTicks: number;
}

/** Undefined where there is no such process (any more). */
export async function statOf(pid: number): Promise<ProcessStat | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command in parentheses may itself hold spaces and parentheses: fields are counted after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startTicks = fields[19];
  if (state === undefined || group === undefined || startTicks === undefined) return undefined;
  return { state, group: Number(group), startTicks: Number(startTicks) };
}

const isAlive = (stat: ProcessStat | undefined): boolean => stat !== undefined && !['Z', 'X'].includes(stat.state);

/** Whether this very process, and not a later one with its number, still runs. */
export async function isRunning(pid: number, startTicks: number): Promise<boolean> {
  const stat = await statOf(pid);
  return isAlive(stat) && stat?.startTicks === startTicks;
}

/** Whether any live process is left in the group; zombies that nobody reaps do not count. */
export async function hasLiveMember(group: number): Promise<boolean> {
  if (!signalGroup(group, 0)) return false;
  // Most often it is the leader: one look, and not one at every process of the machine while an application is down.
  const leader = await statOf(group);
  if (leader?.group === group && isAlive(leader)) return true;
  for (const pid of await processIds()) {
    const stat = await statOf(pid);
    if (stat?.group === group && isAlive(stat)) return true;
  }
  return false;
}

/** False where the group is gone. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  // kill(2) takes -1 for every process of the machine and 0 for our own group: a spoilt record must mean neither.
  if (!Number.isInteger(group) || group <= 1) return false;
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/** A process for good: its number alone is reused. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
}

/** The leaders of all live groups that were started with `mark` (`NAME=value`) in their environment. */
export async function findLeadersByMark(mark: string): Promise<ProcessIdentity[]> {
  const leaders: ProcessIdentity[] = [];
  for (const pid of await processIds()) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(mark)) continue;
    const stat = await statOf(pid);
    if (stat?.group === pid && isAlive(stat)) leaders.push({ pid, startTicks: stat.startTicks });
  }
  return leaders;
}

const processIds = async (): Promise<number[]> =>
  (await readdir('/proc').catch(() => [])).filter((name) => /^[0-9]+$/.test(name)).map(Number);
