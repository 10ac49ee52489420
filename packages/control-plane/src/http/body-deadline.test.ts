import { type AddressInfo, connect } from 'node:net';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { allowLongBody, limitBodies } from './body-deadline.ts';

const LONGEST_MS = 150;

/** Sends a body byte by byte until it is cut off; resolves to whether it was, within ten times the allowed time. */
async function isCutOff(path: string): Promise<boolean> {
  const app = Fastify();
  onTestFinished(() => app.close());
  limitBodies(app, LONGEST_MS);
  app.post('/json', async () => 'read');
  app.addContentTypeParser('application/octet-stream', async () => undefined);
  app.post('/upload', async ({ raw }) => {
    allowLongBody(raw);
    for await (const _chunk of raw);
    return 'read';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const type = path === '/upload' ? 'application/octet-stream' : 'application/json';
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 1000\r\n\r\n`);
  const trickle = setInterval(() => socket.write(' '), 20);
  onTestFinished(() => clearInterval(trickle));
  socket.on('error', () => undefined).resume();
  return Promise.race([
    new Promise<boolean>((resolve) => socket.once('close', () => resolve(true))),
    new Promise<boolean>((resolve) => setTimeout(resolve, 10 * LONGEST_MS, false)),
  ]);
}

test.each(['/json', '/nothing-here'])('attack 107: a body that trickles in for ever is cut off: %s', async (path) => {
  expect(await isCutOff(path)).toBe(true);
});

test('an upload of somebody who may upload takes as long as it takes', async () => {
  expect(await isCutOff('/upload')).toBe(false);
});
