/** A check-in that is signed now and arrives later: a retransmission, or a proxy that held it. */
import type { FastifyInstance } from 'fastify';
import { TEST_URL } from './inject-transport.ts';
import { type CheckInBody, question, type TestRobot } from './test-robot.ts';

interface Arrived {
  readonly status: number;
  /** Of the problem; absent where it was answered. */
  readonly code?: string;
  readonly serverTime?: string;
}

/** Answers what sends it. */
export function delayedCheckIn(
  { app }: { readonly app: FastifyInstance },
  robot: Pick<TestRobot, 'name' | 'sign'>,
  more: Partial<CheckInBody> = {},
): () => Promise<Arrived> {
  const url = new URL(`${TEST_URL}/api/v1/robots/${robot.name}/check-in`);
  const payload = JSON.stringify({ ...question(), ...more });
  const signed = robot.sign({ method: 'POST', url, body: Buffer.from(payload) });
  const headers = { host: url.host, 'content-type': 'application/json', ...signed };
  return async () => {
    const reply = await app.inject({ method: 'POST', url: url.pathname, headers, payload });
    const { code, serverTime } = reply.json<Omit<Arrived, 'status'>>();
    return { status: reply.statusCode, ...(code !== undefined && { code, serverTime }) };
  };
}
