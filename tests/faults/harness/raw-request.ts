/** One request written by hand, so that it can stop at any byte. Every socket is closed with a reset, as a cut line does. */
import { connect, type NetConnectOpts } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What content-length says; default: the truth. */
  readonly declared?: number;
}
/** Where the peer goes away. */
export const CUTS = ['in the headers', 'before the body', 'in the body', 'before the reply', 'in the reply'] as const;
export type Cut = (typeof CUTS)[number];

const LONGEST_REPLY_MS = 10_000;

/** Sends the request and resolves with the status of the reply; 0 where the peer closed without one. */
export function sendRaw(to: NetConnectOpts, request: RawRequest): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(to);
    let reply = '';
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 0));
    };
    const timer = setTimeout(end, LONGEST_REPLY_MS);
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (reply.includes('\r\n\r\n')) end();
    });
    socket.on('error', end).on('close', end);
    socket.write(headOf(request));
    socket.write(request.body);
  });
}

/** Sends the request up to `cut` and resets the connection there. */
export async function cutRaw(to: NetConnectOpts, request: RawRequest, cut: Cut): Promise<void> {
  const socket = connect(to);
  const closed = new Promise<void>((resolve) => void socket.on('error', () => undefined).on('close', () => resolve()));
  const head = headOf(request);
  const half = request.body.subarray(0, Math.floor(request.body.length / 2));
  const write = (bytes: string | Buffer): Promise<void> =>
    new Promise((resolve) => void socket.write(bytes, () => resolve()));
  if (cut === 'in the headers') await write(head.slice(0, -10));
  else {
    await write(head);
    if (cut === 'in the body') await write(half);
    else if (cut !== 'before the body') await write(request.body);
  }
  if (cut === 'in the reply') await Promise.race([new Promise((resolve) => socket.once('data', resolve)), pause(300)]);
  else await pause(2);
  // A Unix socket knows no reset.
  if ('path' in to) socket.destroy();
  else socket.resetAndDestroy();
  await closed;
}

function headOf({ method, path, headers, body, declared = body.length }: RawRequest): string {
  const lines = Object.entries({ host: 'fairlead.test', 'content-length': String(declared), ...headers });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
