/**
 * The command line that `fairlead robot token` prints is all a new robot needs: where there is no agent.yaml yet,
 * it becomes one. An agent.yaml that exists was decided by the integrator of this robot and is never changed.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { makeFolderDurably, writeDurably } from '@fairlead/toolkit/durable-files';
import { isMissing } from '@fairlead/toolkit/file-error';
import type { AgentConfig } from '../config.ts';
import { parseConfig } from '../read-config.ts';

/** As given on the command line; checked like the file itself. */
export interface FirstConfig {
  readonly server?: string;
  readonly environment?: string;
  readonly robot?: string;
  readonly rootSha256?: string;
  readonly root?: string;
}

/** Makes sure that `file` says what was given. Refused, one line per mistake: incomplete, malformed, or the file says otherwise. */
export async function ensureConfig(
  file: string,
  given: FirstConfig,
  machine: string,
): Promise<Result<AgentConfig, readonly string[]>> {
  const found = await readIfThere(file);
  if (found !== undefined && saysSomething(found)) {
    const config = parseConfig(found, file, machine);
    return config.ok ? compare(file, config.value, given) : config;
  }
  // The comments of the package's agent.yaml are kept: they are its documentation.
  const text = `${found ?? ''}${write(given)}`;
  const config = parseConfig(text, file, machine);
  if (!config.ok) return config;
  await makeFolderDurably(dirname(file));
  // The package made it readable for the agent and for nobody else: it may hold a token.
  const before = await stat(file).catch(() => undefined);
  await writeDurably(file, text, before && { mode: before.mode & 0o7777, owner: before });
  return config;
}

/** The package installs a file of comments: nobody has decided anything in it yet. */
export const saysSomething = (text: string): boolean => text.split('\n').some((line) => !/^\s*(#.*)?$/.test(line));

/** JSON strings are YAML strings: nothing that was given can add a line. */
function write({ server, environment, robot, rootSha256, root }: FirstConfig): string {
  const trust = rootSha256 === undefined ? undefined : { rootSha256 };
  const lines = { server, robot, environment, trust, root };
  return Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('')
    .replace(/^/, '# Written by fairlead-agent enroll; from now on this file is yours.\n');
}

function compare(file: string, config: AgentConfig, given: FirstConfig): Result<AgentConfig, readonly string[]> {
  const pinned = 'rootSha256' in config.trust ? config.trust.rootSha256 : undefined;
  const { server, environment, robot, root } = config;
  const says = { server, environment, robot, root, rootSha256: pinned };
  const other = Object.entries(given).flatMap(([key, value]) => {
    const said = Object.entries(says).find(([name]) => name === key)?.[1];
    const mistake = `${file}: ${key} is ${said} there, not ${value}; change the file, or the command`;
    return said !== undefined && value !== said ? [mistake] : [];
  });
  return other.length === 0 ? accept(config) : refuse(other);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
