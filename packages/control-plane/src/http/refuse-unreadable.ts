/** What is not even HTTP gets a problem document too, written by hand: there is no request to reply to. */
import type { Socket } from 'node:net';
import { PROBLEM_TYPE } from '@fairlead/shared/api/problem';
import { SECOND } from '@fairlead/shared/time';
import { problem } from './problem.ts';

/** A socket closed with unread bytes is reset, and the answer is lost: how long the rest is read before it closes. */
const DRAIN_MS = SECOND;
const answered = new WeakSet<Socket>();

/** Called again for everything else that such a peer sends. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (answered.has(socket)) return;
  answered.add(socket);
  socket.on('error', () => undefined);
  // A reset connection hears nothing any more.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = problem('bad_request', 'This is not a request of HTTP/1.1 that can be read, or it took too long.');
  const body = JSON.stringify(refusal.document());
  const headers = `content-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 400 Bad Request\r\n${headers}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), DRAIN_MS).unref();
}
