/** What is not even HTTP gets a problem document too, written by hand: there is no request to reply to. */
import type { Socket } from 'node:net';
import { PROBLEM_TYPE } from '@fairlead/shared/api/problem';
import { problem } from './problem.ts';

export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // A reset connection hears nothing any more.
  socket.on('error', () => undefined);
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const refusal = problem('bad_request', 'This is not a request of HTTP/1.1 that can be read, or it took too long.');
    const body = JSON.stringify(refusal.document());
    const headers = `content-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
    socket.write(`HTTP/1.1 400 Bad Request\r\n${headers}\r\n\r\n${body}`);
  }
  socket.destroy();
}
