/** Which processes a test left behind. */
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of the living children of `parent`; zombies do not count. Empty without /proc. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const [, state, ppid] = /^.*\) (\S) (\d+) /s.exec(readFileSync(`/proc/${Number(name)}/stat`, 'utf8')) ?? [];
      return Number(ppid) === parent && state !== 'Z' ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
