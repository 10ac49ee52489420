/**
 * A body must arrive in time. One that trickles in for ever holds a socket and what it has sent, and whoever sends it need
 * not have said who they are. Uploads by people who may upload take as long as they take.
 */
import type { IncomingMessage } from 'node:http';
import { MINUTE } from '@fairlead/shared/time';
import type { FastifyInstance } from 'fastify';

/** 120 kB over a modem of 8 kbit/s. A robot whose batch of reports does not arrive in time sends half of it. */
const LONGEST_MS = 2 * MINUTE;

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** For every request, also for one that no route takes. Add it before any other hook. */
export function limitBodies(app: FastifyInstance, longestMs = LONGEST_MS): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (!hasBody(raw)) return;
    const timer = setTimeout(() => raw.complete || raw.destroy(), longestMs).unref();
    timers.set(raw, timer);
    raw.once('close', () => clearTimeout(timer));
  });
}

/** From now on this request may take as long as it takes. */
export const allowLongBody = (raw: IncomingMessage): void => clearTimeout(timers.get(raw));

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
