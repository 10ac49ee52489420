/**
 * The kernel's limits on a guarded process, through util-linux (`prlimit`, `setpriv`), because Node cannot set
 * them itself. V8 reserves about 1.4 GiB of address space before the first line of JavaScript, and how much
 * depends on version and architecture; so a model process first starts, then is limited relative to what it
 * holds at that moment, and only then is told which model to open (docs/decisions: limits of the test process).
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const find = (tool: string): string | undefined =>
  [`/usr/bin/${tool}`, `/bin/${tool}`, `/usr/local/bin/${tool}`].find((path) => existsSync(path));
const PRLIMIT = find('prlimit');
const SETPRIV = find('setpriv');

/** V8's own growth and allocator arenas, on top of what the model may take. */
const SLACK_MB = 192;

/** What a person should know about this machine, or undefined where everything is in place. */
export const missingLimits = (): string | undefined =>
  PRLIMIT
    ? undefined
    : 'prlimit (util-linux) is missing: memory is only watched every 10 ms, not limited by the kernel.';

/**
 * Wraps a command: no core dumps (a crashing model of 2 GB must not fill the disk), a limit on processor time
 * and, where the parent is killed, SIGKILL for the child: an endless model must not outlive the agent.
 */
export function withLimits(
  command: readonly string[],
  limits: { readonly cpuSec: number; readonly addressSpaceMb?: number },
): readonly string[] {
  const { cpuSec, addressSpaceMb } = limits;
  const space = addressSpaceMb === undefined ? [] : [`--as=${addressSpaceMb * 2 ** 20}`];
  return [
    ...(PRLIMIT ? [PRLIMIT, '--core=0', `--cpu=${cpuSec}`, ...space] : []),
    ...(SETPRIV ? [SETPRIV, '--no-new-privs', '--pdeathsig', 'KILL'] : []),
    ...command,
  ];
}

/**
 * From now on the running process may take at most `allowanceMb` more; allocations beyond it fail at once.
 * `for now` is a limit that a later call may raise. Rejects where the kernel does not allow it (a hardened container): the 10 ms watch still holds then.
 */
export async function limitMemoryFromHere(
  pid: number,
  allowanceMb: number,
  hold: 'for now' | 'for good',
): Promise<void> {
  if (!PRLIMIT) return;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string): number => {
    const held = Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
    return held * 1024 + (allowanceMb + SLACK_MB) * 2 ** 20;
  };
  // --data counts private writable memory, the truer measure; --as also stops reservations and file mappings.
  // A soft limit only ("N:") may be raised again; the process itself has no means to.
  const rest = hold === 'for now' ? ':' : '';
  await run(PRLIMIT, ['--pid', `${pid}`, `--as=${bytes('VmSize')}${rest}`, `--data=${bytes('VmData')}${rest}`]);
}
