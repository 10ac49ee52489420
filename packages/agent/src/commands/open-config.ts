/** Reads agent.yaml for a command, or ends the command with what a person does next. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describeFileError, isMissing } from '@fairlead/toolkit/file-error';
import type { AgentConfig } from '../config.ts';
import { saysSomething } from '../enrol/first-config.ts';
import { parseConfig } from '../read-config.ts';
import { CommandError, EXIT_CODES } from './command-context.ts';
import { isForbidden, notOfItsGroup } from './rights.ts';

/** @throws CommandError: not enrolled yet, no right to read it, or its mistakes, one per line. */
export async function openConfig(file: string): Promise<AgentConfig> {
  let content: Uint8Array;
  try {
    content = await readFile(file);
  } catch (error) {
    if (isForbidden(error)) throw await notOfItsGroup(file, 'read');
    if (isMissing(error)) throw notEnrolled(`there is no ${file}`);
    throw new CommandError(`${file}: ${describeFileError(error)}`, EXIT_CODES.usage);
  }
  if (!saysSomething(Buffer.from(content).toString('utf8'))) throw notEnrolled(`${file} has only comments`);
  const config = parseConfig(content, file, hostname());
  if (config.ok) return config.value;
  throw new CommandError(config.refused.join('\n'), EXIT_CODES.usage);
}

const notEnrolled = (why: string): CommandError =>
  new CommandError(
    `This robot is not enrolled yet: ${why}.`,
    EXIT_CODES.usage,
    'Enroll it first, with the command line that `fairlead robot token` prints for an operator: fairlead-agent enroll --server URL --environment ENV --root-sha256 HEX --token TOKEN',
  );
