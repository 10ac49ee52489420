/**
 * How many connections one network may hold without having proven who it is, and how long a request may take to begin.
 * Robots behind one address are many: what they have proven counts no more. Connections of trusted proxies are theirs to
 * limit. A network is an IPv4 address or an IPv6 /64: whoever has one IPv6 address has 2^64 of them.
 */
import { BlockList, isIPv6, type Socket } from 'node:net';
import { MINUTE, SECOND } from '@fairlead/shared/time';
import type { FastifyInstance } from 'fastify';
import { networkOf } from '../people/network-of.ts';

/** A thousand robots behind one address may come back in the same second. */
const UNPROVEN_PER_NETWORK = 1000;
/** All together: each is a file descriptor and some kilobytes. */
const MOST_CONNECTIONS = 16_384;

/** For Fastify: headers must be there in time, also the first ones of a silent connection. */
export const connectionTimes = (headersMs = 20 * SECOND) => ({
  http: { headersTimeout: headersMs, connectionsCheckingInterval: Math.ceil(headersMs / 4) },
  // An upload of gigabytes may take its time; every other body has a deadline of its own: body-deadline.ts.
  requestTimeout: 0,
  connectionTimeout: 5 * MINUTE,
});

export interface ConnectionLimitOptions {
  readonly unprovenPerNetwork?: number;
  readonly mostConnections?: number;
  /** Addresses or CIDR ranges. */
  readonly trustedProxies?: readonly string[];
}
export interface ConnectionLimit {
  /** A request on this connection has proven who sends it. */
  prove(socket: Socket): void;
}

export function limitConnections(
  { server }: Pick<FastifyInstance, 'server'>,
  {
    unprovenPerNetwork = UNPROVEN_PER_NETWORK,
    mostConnections = MOST_CONNECTIONS,
    trustedProxies = [],
  }: ConnectionLimitOptions = {},
): ConnectionLimit {
  const proxies = listOf(trustedProxies);
  const unproven = new Map<string, number>();
  const networkOfSocket = new WeakMap<Socket, string>();
  const forget = (socket: Socket): void => {
    const network = networkOfSocket.get(socket);
    if (network === undefined) return;
    networkOfSocket.delete(socket);
    const left = (unproven.get(network) ?? 1) - 1;
    if (left === 0) unproven.delete(network);
    else unproven.set(network, left);
  };
  server.maxConnections = mostConnections;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined || isIn(proxies, address)) return;
    const network = networkOf(address);
    const count = (unproven.get(network) ?? 0) + 1;
    if (count > unprovenPerNetwork) return void socket.destroy();
    unproven.set(network, count);
    networkOfSocket.set(socket, network);
    socket.once('close', () => forget(socket));
  });
  return { prove: forget };
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

const isIn = (list: BlockList, address: string): boolean => {
  const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, '');
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
};
