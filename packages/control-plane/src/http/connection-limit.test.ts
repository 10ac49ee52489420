import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { type ConnectionLimitOptions, connectionTimes, limitConnections } from './connection-limit.ts';

async function listening(options: ConnectionLimitOptions, headersMs?: number) {
  const app = Fastify(connectionTimes(headersMs));
  const limit = limitConnections(app, options);
  app.get('/proven', async ({ raw }) => {
    limit.prove(raw.socket);
    return 'welcome';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  onTestFinished(() => {
    app.server.closeAllConnections();
    return app.close();
  });
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  return { open };
}

/** Whether the connection still answers. */
async function answers(socket: Socket): Promise<boolean> {
  socket.write('GET /proven HTTP/1.1\r\nhost: x\r\n\r\n');
  const [first] = (await Promise.any([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean];
  return Buffer.isBuffer(first) && first.toString().startsWith('HTTP/1.1 200');
}

test('attack 127: one address holds few connections that have proven nothing; those that have do not count', async () => {
  const { open } = await listening({ unprovenPerNetwork: 2 });
  const proven = [await open(), await open()];
  expect([await answers(proven[0] as Socket), await answers(proven[1] as Socket)]).toEqual([true, true]);
  const silent = [await open(), await open()];
  expect(await answers(await open())).toBe(false);
  // One that closes makes room.
  silent[0]?.destroy();
  await expect.poll(async () => answers(await open())).toBe(true);
  expect(await answers(silent[1] as Socket)).toBe(true);
});

test('attack 127: the 2^64 addresses of an IPv6 network have one allowance together', () => {
  const server = new EventEmitter();
  limitConnections({ server } as unknown as FastifyInstance, { unprovenPerNetwork: 2 });
  // A machine has one IPv6 address of its own only, so these are connections by name.
  const isTaken = (remoteAddress: string): boolean => {
    let taken = true;
    server.emit('connection', Object.assign(new EventEmitter(), { remoteAddress, destroy: () => (taken = false) }));
    return taken;
  };
  const addresses = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3', '2001:db8:0:1::1', '::ffff:192.0.2.1'];
  expect(addresses.map(isTaken)).toEqual([true, true, false, true, true]);
});

test('connections of a trusted proxy are not counted', async () => {
  const { open } = await listening({ unprovenPerNetwork: 1, trustedProxies: ['127.0.0.0/8'] });
  const sockets = [await open(), await open(), await open()];
  for (const socket of sockets) expect(await answers(socket)).toBe(true);
});

test.each([
  ['says nothing', ''],
  ['never ends its headers', 'GET /proven HTTP/1.1\r\nhost: x\r\n'],
])(
  'attack 127: a connection that %s is closed',
  async (_what, start) => {
    const { open } = await listening({}, 200);
    const socket = await open();
    socket.resume();
    socket.write(start);
    await once(socket, 'close');
  },
  20_000,
);
