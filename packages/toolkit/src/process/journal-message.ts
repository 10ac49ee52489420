/**
 * Messages on standard error, outside of the log. Under systemd it goes to the journal, where each line has its priority
 * (`<3>`, sd-daemon(3)). Elsewhere lines stay plain.
 */
import { fstatSync } from 'node:fs';

/** Priorities of syslog. */
const PRIORITY = { error: 3, info: 6 } as const;

/** Whether the open descriptor is the one systemd connected to the journal: JOURNAL_STREAM is inherited by children too. */
export function isJournal(env: NodeJS.ProcessEnv, fd: number): boolean {
  const [device, inode] = (env['JOURNAL_STREAM'] ?? '').split(':');
  if (device === undefined || inode === undefined) return false;
  const found = fstatSync(fd, { bigint: true });
  return `${found.dev}` === device && `${found.ino}` === inode;
}

/** Writes a message of one line or more; in the journal each of its lines has the priority. */
export function writeMessage(text: string, priority: keyof typeof PRIORITY): void {
  const prefix = isJournal(process.env, 2) ? `<${PRIORITY[priority]}>` : '';
  const lines = text.replace(/\n$/, '').split('\n');
  process.stderr.write(lines.map((line) => `${prefix}${line}\n`).join(''));
}
