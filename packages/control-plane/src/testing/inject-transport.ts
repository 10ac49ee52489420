/** The typed client against an app without a network. */
import type { Transport } from '@fairlead/shared/api/client';
import type { FastifyInstance } from 'fastify';

/** The name under which robots sign in tests; the app must answer to it. */
export const TEST_AUTHORITY = 'fairlead.test';
export const TEST_URL = `http://${TEST_AUTHORITY}`;

export const injectTransport =
  (app: FastifyInstance): Transport =>
  async ({ method, url, headers, body }) => {
    const reply = await app.inject({
      method,
      url: url.pathname + url.search,
      headers: { host: url.host, ...headers },
      ...(body && { payload: Buffer.from(body) }),
    });
    const flat = Object.entries(reply.headers).map(([name, value]) => [name, String(value)]);
    return { status: reply.statusCode, headers: Object.fromEntries(flat), body: reply.rawPayload };
  };
