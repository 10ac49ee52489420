/** How the command line speaks to the agent that runs on this machine. */
import { type Client, createClient, type Transport } from '@fairlead/shared/api/client';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { localApi } from './local-api.ts';

/** Rejects with `Unreachable` where no agent listens on the socket. */
export const localClient = (socket: string): Client<typeof localApi> =>
  createClient(localApi, { baseUrl: 'http://fairlead-agent', transport: overSocket(socket) });

const overSocket = (socketPath: string): Transport => undiciTransport({ socketPath, headersTimeoutMs: 600_000 });
