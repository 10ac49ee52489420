/** The control plane under test, on the simulation's clock: started, stopped, killed and started again on the same file. */
import { type MortalControlPlane, mortalControlPlane } from '@fairlead/control-plane/testing/mortal-control-plane';
import type { OnlineKeys } from '@fairlead/control-plane/trust/online-keys';
import type { TransportReply, TransportRequest } from '@fairlead/shared/api/client';
import type { RobotId } from '@fairlead/shared/ids';
import { type Instant, SECOND } from '@fairlead/shared/time';
import type { Agenda } from './agenda.ts';
import { lendTimers } from './virtual-timers.ts';

const AUTHORITY = 'fairlead.simulated';
export const SERVER_URL = `http://${AUTHORITY}`;
/** Real hashes, at a cost that a simulation can pay. */
export const PASSWORD_COST = { log2N: 10, r: 8, p: 1 };

export class ServerDied extends Error {
  override readonly name = 'ServerDied';
}

export interface Server {
  isUp(): boolean;
  /** When it was started last. */
  upSince(): Instant;
  start(): Promise<void>;
  /** In order, as systemd stops it. */
  stop(): Promise<void>;
  /** It dies at the question to its database after so many, perhaps within a request. */
  killAfter(questions: number): void;
  /** Whether it has died and nobody has buried it yet. */
  hasDied(): boolean;
  bury(): Promise<void>;
  /** One exchange; rejects where the server is down, or dies before it has answered. */
  exchange(request: TransportRequest, from: string): Promise<TransportReply>;
  /** Rollouts go as far as they go now. */
  drive(): Promise<void>;
  /** To look at, beside the server. */
  running(): MortalControlPlane;
  /** Reads the server's records beside the server, once it is up; virtual time does not pass while it reads. */
  read<T>(query: (database: MortalControlPlane['database']) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export function createServer(order: {
  readonly agenda: Agenda;
  readonly folder: string;
  readonly onlineKeys: OnlineKeys;
  readonly log: (line: string) => void;
  /** A robot in its long-poll would be answered now. */
  readonly onWake: (robots: readonly RobotId[] | 'all') => void;
}): Server {
  const { agenda } = order;
  let process: MortalControlPlane | undefined;
  let startedAt = 0;
  const drive = async (): Promise<void> => {
    if (process && !process.isDead()) await process.drive();
  };
  // A poked engine turns by itself; a turn that is asked for ends after it.
  const timers = lendTimers(agenda, drive);
  const running = (): MortalControlPlane => {
    if (!process) throw new ServerDied('connection refused');
    return process;
  };
  const bury = async (): Promise<void> => {
    const dead = running();
    process = undefined;
    timers.dropAll();
    await agenda.during(dead.bury());
  };

  return {
    isUp: () => process !== undefined && !process.isDead(),
    upSince: () => startedAt,
    hasDied: () => process?.isDead() === true,
    running,
    bury,
    async read(query) {
      while (!process) await agenda.sleep(SECOND);
      return agenda.during(query(process.database));
    },
    async start() {
      const options = { ...order, clock: agenda, authorities: [AUTHORITY], passwordCost: PASSWORD_COST };
      startedAt = agenda.now();
      process ??= await agenda.during(mortalControlPlane(options));
    },
    async stop() {
      const stopping = running();
      process = undefined;
      await agenda.during(stopping.stop());
      timers.dropAll();
    },
    drive: () => agenda.during(drive()),
    killAfter: (questions) => running().killAfter(questions),
    async exchange({ method, url, headers, body }, from) {
      const answering = running();
      if (answering.isDead()) throw new ServerDied('connection refused');
      const reply = await agenda.during(
        answering.app.inject({
          method,
          url: url.pathname + url.search,
          headers: { host: url.host, ...headers },
          remoteAddress: from,
          ...(body && { payload: Buffer.from(body) }),
        }),
      );
      if (answering.isDead()) throw new ServerDied('the connection broke');
      const flat = Object.entries(reply.headers).map(([name, value]) => [name, String(value)]);
      return { status: reply.statusCode, headers: Object.fromEntries(flat), body: reply.rawPayload };
    },
    async end() {
      if (process) await bury();
      timers.giveBack();
    },
  };
}
