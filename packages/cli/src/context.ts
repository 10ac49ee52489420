/** What every command is given: how to speak, where home is, and an authenticated client of the control plane. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type Transport } from '@fairlead/shared/api/client';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import { publishApi } from '@fairlead/shared/api/publish-api';
import { serverUrlMistake } from '@fairlead/shared/http-url';
import { tokenMistake, trimToken } from '@fairlead/shared/token-text';
import type { SendRequest } from '@fairlead/toolkit/http/send-request';
import { type AskSecret, secretAsker, type Terminal } from './ask-secret.ts';
import { type AskYesNo, yesNoAsker } from './ask-yes-no.ts';
import { CliError, EXIT } from './cli-error.ts';
import { createOutput, type Output, type TextStream } from './output.ts';
import { readSession } from './session.ts';

/** Where a control plane listens that was told nothing else. */
export const DEFAULT_SERVER = 'http://127.0.0.1:7300';

export interface CliContext {
  readonly out: Output;
  /** Folder of session and keys: --home, FAIRLEAD_HOME, or ~/.fairlead. */
  readonly home: string;
  /**
   * Base address without a trailing slash: --server, FAIRLEAD_SERVER, the session's, or DEFAULT_SERVER. Throws a CliError
   * (usage) that names which of them is no address of a control plane.
   */
  server(): string;
  client(): { readonly operator: Client<typeof operatorApi>; readonly publish: Client<typeof publishApi> };
  readonly transport: Transport;
  /** The way to the control plane, for what is no call of its API. */
  readonly send: SendRequest;
  /** The headers that say who asks; empty where nobody is logged in. */
  readonly authorise: () => Record<string, string>;
  readonly askSecret: AskSecret;
  readonly askYesNo: AskYesNo;
}

/** The options every command knows. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly server?: string;
  readonly home?: string;
  readonly proxy?: string;
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
}

interface World {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Terminal;
  readonly stdout: TextStream;
  readonly stderr: TextStream & NodeJS.WritableStream;
  readonly transport: Transport;
  readonly send: SendRequest;
  /** Read late: commander knows them only after parsing. */
  readonly options: () => GlobalOptions;
}

export function createContext(world: World): CliContext {
  const { env, options, transport } = world;
  const home = (): string => options().home ?? env['FAIRLEAD_HOME'] ?? join(homedir(), '.fairlead');
  const server = (): string => {
    const { server: option } = options();
    if (option !== undefined) return checkedServer(option, '--server');
    const variable = env['FAIRLEAD_SERVER'];
    if (variable !== undefined) return checkedServer(variable, 'FAIRLEAD_SERVER');
    return checkedServer(readSession(home())?.server ?? DEFAULT_SERVER, 'The address of the stored session');
  };
  const authorise = (): Record<string, string> => {
    const variable = env['FAIRLEAD_TOKEN'];
    const token = variable === undefined ? tokenFor(server(), home()) : checkedToken(variable);
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  };
  return {
    out: createOutput({ json: () => options().json === true, stdout: world.stdout, stderr: world.stderr, env }),
    get home() {
      return home();
    },
    server,
    client() {
      const to = { baseUrl: server(), transport, authorise };
      return { operator: createClient(operatorApi, to), publish: createClient(publishApi, to) };
    },
    transport,
    send: world.send,
    authorise,
    askSecret: secretAsker(world.stdin, world.stderr),
    askYesNo: yesNoAsker(world.stdin, world.stderr),
  };
}

function checkedServer(text: string, name: string): string {
  const server = text.trim();
  const mistake = server === '' ? 'is empty' : serverUrlMistake(server);
  if (mistake === undefined) return server.replace(/\/+$/, '');
  throw new CliError(`${name} ${mistake}.`, {
    hint: 'An address is http://HOST:PORT or https://HOST, as in fairlead login --server http://127.0.0.1:7300',
    exitCode: EXIT.usage,
  });
}

function checkedToken(text: string): string {
  const token = trimToken(text);
  const mistake = tokenMistake(token);
  if (mistake === undefined) return token;
  throw new CliError(`FAIRLEAD_TOKEN ${mistake}.`, {
    hint: 'Set it to the line that fairlead token create printed, or unset it to use your own login.',
    exitCode: EXIT.usage,
  });
}

/** A token is told only to the server that gave it: --server elsewhere must not leak it. */
function tokenFor(server: string, home: string): string | undefined {
  const session = readSession(home);
  return session?.server === server ? session.token : undefined;
}
