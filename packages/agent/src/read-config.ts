/** Reads `agent.yaml`: its form by the schema, then what a schema cannot say (zones, names, commands without a manager). */
import { join, resolve } from 'node:path';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { Labels, SentLabels } from '@fairlead/shared/fleet/robot-facts';
import { hasCredentials, httpUrlMistake, serverUrlMistake } from '@fairlead/shared/http-url';
import { RobotId } from '@fairlead/shared/ids';
import { type Mistake, parse, parseEntries } from '@fairlead/shared/parse';
import { isTimeZone } from '@fairlead/shared/update/time-zone';
import { proxyUrlMistake } from '@fairlead/toolkit/http/proxy-settings';
import { tlsFilesMistake } from '@fairlead/toolkit/http/tls-files';
import { examineYaml, sayYamlMistake } from '@fairlead/toolkit/yaml-file';
import { Type } from 'typebox';
import { type AgentConfig, AgentYaml, ServiceCommand } from './config.ts';

export const DEFAULT_CONFIG_FILE = '/etc/fairlead/agent.yaml';
const DEFAULT_ROOT = '/var/lib/fairlead';
/** sockaddr_un holds 108 bytes with the final zero. */
const LONGEST_SOCKET = 107;

const closed = { additionalProperties: false };
/**
 * Labels and commands of any name were taken before their names were checked. Labels are used for the enrolment only, and
 * no release can name such a command: an agent that is upgraded over such a file must start. Editors and docs/api have
 * the strict schema.
 */
const WrittenYaml = Type.Object(
  {
    ...AgentYaml.properties,
    labels: Type.Optional(SentLabels),
    services: Type.Optional(
      Type.Object(
        {
          ...AgentYaml.properties.services.properties,
          commands: Type.Optional(Type.Record(Type.String(), ServiceCommand)),
        },
        closed,
      ),
    ),
  },
  closed,
);

const Commands = AgentYaml.properties.services.properties.commands;

/** What stands for a required key that is wrong, so that the other keys are still checked. */
const DEFAULTS = {
  server: 'https://fleet.example',
  environment: 'production',
  trust: { rootSha256: '0'.repeat(64) },
};

/** Every mistake as one line `file:line: key: what is wrong`. */
export function parseConfig(
  content: Uint8Array | string,
  file: string,
  machine: string,
): Result<AgentConfig, readonly string[]> {
  const { value: yaml, locate, mistakes: found } = examineYaml(WrittenYaml, content, file, DEFAULTS);
  if (!yaml) return refuse(found.map(sayYamlMistake));
  const root = yaml.root ?? DEFAULT_ROOT;
  const socket = yaml.socket ?? join(root, 'agent.sock');
  const robot = parse(RobotId, yaml.robot ?? robotNameOf(machine));
  const server = withoutCredentials(yaml.server);
  const mistakes: Mistake[] = [...networkMistakes({ ...yaml, server })];
  if (!robot.ok) mistakes.push({ at: '/robot', message: `give this robot a name, its host name '${machine}' is none` });
  if (yaml.updateWindow && !isTimeZone(yaml.updateWindow.zone)) {
    mistakes.push({ at: '/updateWindow/zone', message: `'${yaml.updateWindow.zone}' is no IANA time zone` });
  }
  if (yaml.services?.manager === 'systemd' && yaml.services.commands) {
    mistakes.push({ at: '/services/commands', message: 'only the process manager runs commands' });
  }
  if (Buffer.byteLength(socket) > LONGEST_SOCKET) {
    mistakes.push({ at: '/socket', message: `give a shorter path: Unix allows ${LONGEST_SOCKET} bytes (${socket})` });
  }
  const all = [...found, ...locate(mistakes)];
  if (!robot.ok || all.length > 0) return refuse(all.toSorted((a, b) => a.line - b.line).map(sayYamlMistake));
  const { commands: written, ...services } = yaml.services ?? { manager: 'systemd' as const };
  const commands = written && parseEntries(Commands, written);
  const labels = yaml.labels && parseEntries(Labels, yaml.labels);
  const warnings = locate([
    ...(server === yaml.server
      ? []
      : [{ at: '/server', message: 'has a user or a password, which are never sent: delete them' }]),
    ...leftOut('/labels', yaml.labels, labels, 'is no label and is left out'),
    ...leftOut('/services/commands', written, commands, 'is no name of a service and is left out'),
  ]).map(sayYamlMistake);
  const filled = { file: resolve(file), robot: robot.value, root, socket, server, warnings };
  return accept({
    ...yaml,
    ...filled,
    services: { ...services, ...(commands && { commands }) },
    ...(labels && { labels }),
  });
}

type Entries = Readonly<Record<string, unknown>> | undefined;
const leftOut = (at: string, written: Entries, kept: Entries, message: string): readonly Mistake[] =>
  Object.keys(written ?? {})
    .filter((key) => kept?.[key] === undefined)
    .map((unknownKey) => ({ at, unknownKey, message }));

/** Older agents ignored them in `server`. A robot that has some goes on with its control plane. */
function withoutCredentials(server: string): string {
  if (httpUrlMistake(server) !== undefined || !hasCredentials(server)) return server;
  return server.replace(/\/\/[^/?#\\]*@/, '//');
}

function* networkMistakes({
  server,
  safeState,
  proxy,
  tls,
}: Pick<AgentYaml, 'server' | 'safeState' | 'proxy' | 'tls'>): Iterable<Mistake> {
  const ofServer = serverUrlMistake(server);
  if (ofServer !== undefined) yield { at: '/server', message: ofServer };
  const ofSafeState = safeState && 'url' in safeState ? httpUrlMistake(safeState.url) : undefined;
  if (ofSafeState !== undefined) yield { at: '/safeState/url', message: ofSafeState };
  const ofProxy = typeof proxy === 'object' ? proxyUrlMistake(proxy.url) : undefined;
  if (ofProxy !== undefined) yield { at: '/proxy/url', message: ofProxy };
  const ofTls = tls && tlsFilesMistake(tls);
  if (ofTls !== undefined) yield { at: '/tls', message: ofTls };
}

/** `Duck_7.local` -> `duck-7`. */
const robotNameOf = (machine: string): string =>
  (machine.split('.')[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
