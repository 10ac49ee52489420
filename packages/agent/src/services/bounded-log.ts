/**
 * A service writes to its log file itself: a pipe would break the day the agent restarts. So the agent can
 * only keep the file short afterwards: above the limit, what is there moves to `.1` and the file is emptied,
 * which an appending writer does not notice.
 */
import { copyFile, open, stat, truncate } from 'node:fs/promises';

const MAX_BYTES = 5 * 1024 * 1024;

/**
 * Opens for appending; the caller closes the handle once the child has it. On a disk that takes no log (read-only) what
 * the service says goes nowhere: a robot's application is worth more than its log.
 */
export const openLog = (file: string) => open(file, 'a', 0o640).catch(() => open('/dev/null', 'a'));

/** Best effort: a log is no reason to fail. */
export async function keepShort(file: string, maxBytes = MAX_BYTES): Promise<void> {
  try {
    if ((await stat(file)).size <= maxBytes) return;
    await copyFile(file, `${file}.1`);
    await truncate(file);
  } catch {
    // Full disk or no log yet.
  }
}
