/** How this control plane runs. Flags win over the environment, the environment over the file, the file over defaults. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { accept, type Result, refuse } from '@fairlead/shared/failure';
import { type Mistake, parse } from '@fairlead/shared/parse';
import { describeFileError } from '@fairlead/toolkit/file-error';
import { examineYaml, sayYamlMistake } from '@fairlead/toolkit/yaml-file';
import { type Static, Type } from 'typebox';
import { checkAddresses } from './check-addresses.ts';

const closed = { additionalProperties: false };
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The keys of the configuration file; `--log-level` and FAIRLEAD_LOG_LEVEL are its `logLevel`. */
const ConfigFile = Type.Object(
  {
    data: Type.Optional(
      Type.String({ minLength: 1, description: 'Folder for database, blobs and keys. Default ./.fairlead' }),
    ),
    database: Type.Optional(
      Type.String({
        pattern: '^postgres(ql)?://',
        description: 'postgres://USER@HOST/DATABASE for several replicas. Default: SQLite in the data folder.',
      }),
    ),
    databasePasswordFile: Type.Optional(
      Type.String({ minLength: 1, description: 'Holds the password of that user, so that no process list shows it.' }),
    ),
    listen: Type.Optional(
      Type.String({
        pattern: '^([A-Za-z0-9.-]+|\\[[0-9a-fA-F:]+\\]):[0-9]{1,5}$',
        description: 'HOST:PORT. Default 127.0.0.1:7300; 0.0.0.0:7300 lets robots in.',
      }),
    ),
    names: Type.Optional(
      Type.Array(Type.String({ maxLength: 260, description: 'HOST or HOST:PORT, such as fleet.example:443.' }), {
        maxItems: 50,
        description: 'HOST or HOST:PORT under which robots reach this server. Default: the names of this machine.',
      }),
    ),
    trustedProxies: Type.Optional(
      Type.Array(Type.String({ maxLength: 60, description: 'An address or a range, such as 10.0.0.0/8.' }), {
        maxItems: 50,
        description: "Addresses or ranges of proxies whose word on the caller's address counts. Default none.",
      }),
    ),
    logLevel: Type.Optional(Type.Enum([...LOG_LEVELS])),
    adminPasswordFile: Type.Optional(
      Type.String({ minLength: 1, description: "The first admin's password. Default: a random one." }),
    ),
    maxBlobMb: Type.Optional(Type.Integer({ minimum: 1, description: 'Largest release, packed. Default 10240.' })),
    maxTotalBlobsMb: Type.Optional(
      Type.Integer({ minimum: 1, description: 'All releases together. Default 1048576.' }),
    ),
  },
  closed,
);
type ConfigFile = Static<typeof ConfigFile>;

export interface Config {
  readonly data: string;
  /** Absent: SQLite in the data folder. */
  readonly postgres?: { readonly url: string; readonly passwordFile?: string };
  readonly host: string;
  /** 0: the system chooses one. */
  readonly port: number;
  /** Empty: the names of this machine. */
  readonly names: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly adminPasswordFile?: string;
  readonly maxBlobBytes: number;
  readonly maxTotalBlobBytes: number;
}

export const USAGE = `Usage: fairlead server [options]   (in a clone: npm start -- [options])

  --data FOLDER               database, blobs and keys (default ./.fairlead)
  --database postgres://…     PostgreSQL for several replicas (default: SQLite
                              in the data folder)
  --database-password-file F  holds the password of its user; PGPASSWORD does as
                              well
  --listen HOST:PORT          default 127.0.0.1:7300; 0.0.0.0:7300 lets robots
                              in
  --name HOST[:PORT]          a name under which robots reach this server; may
                              be repeated
  --log-level LEVEL           ${LOG_LEVELS.join(', ')}
  --admin-password-file FILE  the first admin's password (default: a random one)
  --config FILE               the same and more in YAML: data, database,
                              databasePasswordFile, listen, names,
                              trustedProxies, logLevel, adminPasswordFile,
                              maxBlobMb, maxTotalBlobsMb

Each option is also an environment variable: FAIRLEAD_DATA, FAIRLEAD_LISTEN,
FAIRLEAD_NAMES (with commas) …`;
const MIB = 1024 * 1024;

/** Every mistake of flags, environment and file comes back as a line for people. */
export async function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Result<Config | 'help', readonly string[]>> {
  const flags = readFlags(args);
  if (!flags.ok) return flags;
  if (flags.value.help) return accept('help');
  const file = await readConfigFile(flags.value.config ?? env['FAIRLEAD_CONFIG']);
  const fromEnv = readEnv(env);
  const mistakes = [
    ...mistakesIn(flags.value.given, (key) => FLAGS[key] ?? key),
    ...mistakesIn(fromEnv, environmentName),
    ...(file.ok ? [] : file.refused),
  ];
  if (mistakes.length > 0 || !file.ok) return refuse(mistakes);
  const merged = parse(ConfigFile, { ...file.value, ...fromEnv, ...flags.value.given });
  return merged.ok ? accept(complete(merged.value)) : refuse(merged.refused.map(({ message }) => message));
}

/** `nameOf`: what a person wrote for a key of the file, such as `--listen` or FAIRLEAD_LISTEN. */
function mistakesIn(given: Readonly<Record<string, unknown>>, nameOf: (key: string) => string): string[] {
  const parsed = parse(ConfigFile, given);
  const mistakes: readonly Mistake[] = parsed.ok ? checkAddresses(parsed.value) : parsed.refused;
  return mistakes.map(({ at, message }) => `${nameOf(at.split('/')[1] ?? '')}: ${message}`);
}

function complete(given: ConfigFile): Config {
  const listen = given.listen ?? '127.0.0.1:7300';
  const colon = listen.lastIndexOf(':');
  return {
    data: given.data ?? './.fairlead',
    ...(given.database !== undefined && {
      postgres: {
        url: given.database,
        ...(given.databasePasswordFile !== undefined && { passwordFile: given.databasePasswordFile }),
      },
    }),
    host: listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(listen.slice(colon + 1)),
    names: given.names ?? [],
    trustedProxies: given.trustedProxies ?? [],
    logLevel: given.logLevel ?? 'info',
    ...(given.adminPasswordFile !== undefined && { adminPasswordFile: given.adminPasswordFile }),
    maxBlobBytes: (given.maxBlobMb ?? 10_240) * MIB,
    maxTotalBlobBytes: (given.maxTotalBlobsMb ?? 1_048_576) * MIB,
  };
}

interface Flags {
  readonly help: boolean;
  readonly config?: string;
  readonly given: Readonly<Record<string, unknown>>;
}

function readFlags(args: readonly string[]): Result<Flags, readonly string[]> {
  const text = { type: 'string' } as const;
  const options = {
    help: { type: 'boolean', short: 'h' },
    config: text,
    data: text,
    database: text,
    'database-password-file': text,
    listen: text,
    name: { type: 'string', multiple: true },
    'log-level': text,
    'admin-password-file': text,
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    const { help = false, config, data, database, listen, name } = values;
    const [logLevel, adminPasswordFile] = [values['log-level'], values['admin-password-file']];
    const databasePasswordFile = values['database-password-file'];
    const given = present({ data, database, databasePasswordFile, listen, names: name, logLevel, adminPasswordFile });
    return accept({ help, given, ...(config !== undefined && { config }) });
  } catch (cause) {
    return refuse([cause instanceof Error ? cause.message : String(cause)]);
  }
}

const FLAGS: Readonly<Record<string, string>> = {
  data: '--data',
  database: '--database',
  databasePasswordFile: '--database-password-file',
  listen: '--listen',
  names: '--name',
  logLevel: '--log-level',
  adminPasswordFile: '--admin-password-file',
};

/** `adminPasswordFile` -> FAIRLEAD_ADMIN_PASSWORD_FILE */
const environmentName = (key: string): string =>
  `FAIRLEAD_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const readEnv = (env: Readonly<Record<string, string | undefined>>): Record<string, unknown> =>
  present({
    data: env['FAIRLEAD_DATA'],
    database: env['FAIRLEAD_DATABASE'],
    databasePasswordFile: env['FAIRLEAD_DATABASE_PASSWORD_FILE'],
    listen: env['FAIRLEAD_LISTEN'],
    names: env['FAIRLEAD_NAMES']?.split(',').map((name) => name.trim()),
    logLevel: env['FAIRLEAD_LOG_LEVEL'],
    adminPasswordFile: env['FAIRLEAD_ADMIN_PASSWORD_FILE'],
  });

const present = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

async function readConfigFile(path: string | undefined): Promise<Result<ConfigFile, readonly string[]>> {
  if (path === undefined) return accept({});
  let content: Uint8Array;
  try {
    content = await readFile(path);
  } catch (cause) {
    return refuse([`${path}: cannot be read: ${describeFileError(cause)}`]);
  }
  const { value, locate, mistakes } = examineYaml(ConfigFile, content, path);
  const all = [...mistakes, ...(value ? locate(checkAddresses(value)) : [])];
  return value && all.length === 0 ? accept(value) : refuse(all.map(sayYamlMistake));
}
