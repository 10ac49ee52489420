/** Ends what a guarded process leaves behind. Only processes of its own group or with its own scratch folder are touched. */
import { readdirSync, readFileSync } from 'node:fs';

/** SIGKILL for the process group that `pid` leads; nothing where it is already empty. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is already empty.
  }
}

/**
 * A self-test that calls setsid leaves its group, and no group kill reaches it; but it inherited TMPDIR, and
 * the scratch folder's random name is in nobody else's environment.
 */
export function killStrays(scratch: string): void {
  for (const pid of processes()) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TMPDIR=${scratch}`))
        process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile, or belongs to someone else.
    }
  }
}

function processes(): readonly number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^[1-9][0-9]*$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}
