/** Reads `agent.yaml`: its form by the schema, then what a schema cannot say (zones, names, commands without a manager). */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { RobotId } from '@fairlead/shared/ids';
import { parse } from '@fairlead/shared/parse';
import { parseYaml, sayYamlMistake } from '@fairlead/toolkit/yaml-file';
import { type AgentConfig, AgentYaml } from './config.ts';

export const DEFAULT_CONFIG_FILE = '/etc/fairlead/agent.yaml';
const DEFAULT_ROOT = '/var/lib/fairlead';

/** Every mistake as one line `file:line: key: what is wrong`. */
export async function readConfig(file: string): Promise<Result<AgentConfig, readonly string[]>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return refuse([`${file}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return parseConfig(text, file, hostname());
}

export function parseConfig(text: string, file: string, machine: string): Result<AgentConfig, readonly string[]> {
  const read = parseYaml(AgentYaml, text, file);
  if (!read.ok) return refuse(read.refused.map(sayYamlMistake));
  const yaml = read.value;
  const mistakes: string[] = [];
  const robot = parse(RobotId, yaml.robot ?? robotNameOf(machine));
  if (!robot.ok) mistakes.push(`${file}: robot: give this robot a name, its host name '${machine}' is none`);
  if (yaml.updateWindow && !isTimeZone(yaml.updateWindow.zone)) {
    mistakes.push(`${file}: updateWindow.zone: '${yaml.updateWindow.zone}' is no IANA time zone`);
  }
  if (yaml.services?.manager === 'systemd' && yaml.services.commands) {
    mistakes.push(`${file}: services.commands: only the process manager runs commands`);
  }
  if (!robot.ok || mistakes.length > 0) return refuse(mistakes);
  const root = yaml.root ?? DEFAULT_ROOT;
  return accept({
    ...yaml,
    robot: robot.value,
    root,
    socket: yaml.socket ?? join(root, 'agent.sock'),
    services: yaml.services ?? { manager: 'systemd' },
  });
}

/** `Duck_7.local` -> `duck-7`. */
const robotNameOf = (machine: string): string =>
  (machine.split('.')[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);

function isTimeZone(zone: string): boolean {
  try {
    // Offsets such as +02:00 are accepted by Intl but know no summer time: a window would drift by an hour.
    return new Intl.DateTimeFormat('en', { timeZone: zone }) instanceof Intl.DateTimeFormat && !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}
