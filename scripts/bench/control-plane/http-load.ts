/**
 * Sends ready-made requests over keep-alive sockets and times each answer. Written on bare sockets: a client that parses
 * would take the core the server needs, and the server would seem slow.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Load {
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Milliseconds from the last byte of a request to the last byte of its answer. */
  readonly latencies: readonly number[];
  readonly seconds: number;
}
export interface Rate {
  readonly connections: number;
  /** Default: as fast as answers come. A request that is late for its time is timed from when it was due. */
  readonly perSecond?: number;
}
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Sends them all, each once, in their order. */
export async function sendAll(
  url: string,
  requests: readonly Buffer[],
  { connections, perSecond }: Rate,
): Promise<Load> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => openSocket(url)));
  const answers: Record<string, number> = {};
  const latencies: number[] = [];
  let next = 0;
  const started = performance.now();
  const dueAt = (at: number) => (perSecond === undefined ? undefined : started + (at / perSecond) * 1000);
  await Promise.all(
    sockets.map(async (socket) => {
      const ask = exchange(socket);
      for (let at = next++; at < requests.length; at = next++) {
        const due = dueAt(at);
        const early = due === undefined ? 0 : due - performance.now();
        if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
        const from = due ?? performance.now();
        const { status } = await ask(requests[at] ?? Buffer.alloc(0));
        latencies.push(performance.now() - from);
        answers[status] = (answers[status] ?? 0) + 1;
      }
      socket.destroy();
    }),
  );
  return { answers, latencies, seconds: (performance.now() - started) / 1000 };
}

export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}

export interface Answer {
  readonly status: string;
  readonly body: Buffer;
}
/** Sends one request after another; each resolves with its answer once that is complete. */
export function exchange(socket: Socket): (request: Buffer) => Promise<Answer> {
  let received: Buffer = Buffer.alloc(0);
  let waiting: { resolve(answer: Answer): void; reject(cause: Error): void } | undefined;
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = received.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (received.length < end + 4 + length) return;
    const body = received.subarray(end + 4);
    received = Buffer.alloc(0);
    waiting?.resolve({ status: head.slice(9, 12), body });
  });
  const fail = (cause: Error) => waiting?.reject(cause);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server hung up')));
  return (request) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(request);
    });
}

/** The value below which that share of all lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
