/** Which right a person lacks who runs a command beside an installed agent, and how they get it. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '@fairlead/toolkit/file-error';
import { CommandError, EXIT_CODES } from './command-context.ts';

/** For a file or socket that the group of the agent may use. */
export async function notOfItsGroup(path: string, verb: 'read' | 'use'): Promise<CommandError> {
  const group = await groupOf(path);
  return new CommandError(
    `${userName()} may not ${verb} ${path}.`,
    EXIT_CODES.failed,
    group === 'root'
      ? 'Run it with sudo.'
      : `Run it with sudo, or become a member of the group ${group} (sudo usermod -aG ${group} ${userName()}) and log in again.`,
  );
}

/**
 * Resolves where this person may work in the agent's folder `root`: as root, as its owner, or where it is not there yet.
 * Members of the group may only ask the running agent. @throws CommandError otherwise
 */
export async function requireOwner(root: string): Promise<void> {
  const owner = await stat(root).catch(() => undefined);
  if (!owner || process.getuid?.() === 0 || process.getuid?.() === owner.uid) return;
  const mayRead = await access(join(root, 'identity'), constants.R_OK | constants.X_OK).then(
    () => true,
    (error: unknown) => !isForbidden(error),
  );
  const mayWrite = await access(root, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (mayRead && mayWrite) return;
  throw new CommandError(
    `This command works in ${root} itself, which belongs to ${await nameOf('/etc/passwd', owner.uid)}; ${userName()} may not.`,
    EXIT_CODES.failed,
    'Run it with sudo. Members of its group may ask the running agent: status, explain, lease.',
  );
}

/** A user may have no name (a container). */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.()}`;
  }
}

export const isForbidden = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(systemCode(error) ?? '');

const groupOf = async (path: string): Promise<string> => {
  const found = await stat(path).catch(() => undefined);
  return found ? nameOf('/etc/group', found.gid) : 'fairlead';
};

/** passwd(5) and group(5) agree on the fields that count: name, password, number. */
async function nameOf(database: '/etc/passwd' | '/etc/group', id: number): Promise<string> {
  const lines = (await readFile(database, 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  return lines.find(([, , number]) => number === String(id))?.[0] ?? String(id);
}
