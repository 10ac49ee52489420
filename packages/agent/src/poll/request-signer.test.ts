import type { TransportReply, TransportRequest } from '@fairlead/shared/api/client';
import { testClock, withFractions } from '@fairlead/shared/testing/test-clock';
import { DAY, type Instant, toTimestamp } from '@fairlead/shared/time';
import { generateKeyPair, signerFromSeed } from '@fairlead/shared/trust/ed25519';
import { verifyRequest } from '@fairlead/shared/trust/http-signature';
import { expect, test } from 'vitest';
import { createRequestSigner } from './request-signer.ts';

const key = generateKeyPair(new Uint8Array(32).fill(3));
const SERVER_TIME = Date.UTC(2026, 10, 21, 9);
const question = {
  method: 'POST',
  url: new URL('https://fleet.example/api?x=1'),
  headers: {},
  body: Buffer.from('{}'),
};

/** Verifies as the control plane does; `tellsTime` is whether it answers skew with its own time. */
function server(tellsTime: boolean) {
  const verdicts: string[] = [];
  const transport = async (request: TransportRequest): Promise<TransportReply> => {
    const verified = verifyRequest(
      {
        method: request.method,
        authority: request.url.host,
        path: request.url.pathname,
        query: request.url.search,
        headers: request.headers,
        body: request.body ?? new Uint8Array(),
      },
      { publicKeyOf: () => key.publicKey, now: SERVER_TIME, authorities: ['fleet.example'] },
    );
    verdicts.push(verified.ok ? 'accepted' : verified.refused.code);
    const problem = {
      type: 'about:blank',
      title: '',
      status: 401,
      detail: '',
      code: verified.ok ? '' : verified.refused.code,
    };
    const body = { ...problem, ...(tellsTime && { serverTime: toTimestamp(SERVER_TIME) }) };
    return { status: verified.ok ? 200 : 401, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  };
  return { verdicts, transport };
}
const signerAt = (now: Instant, transport: ReturnType<typeof server>['transport']) =>
  createRequestSigner({
    signer: signerFromSeed(key.seed),
    clock: testClock(now),
    transport,
    monotonic: withFractions(() => 0),
  });

test('a robot with the right time is understood at once', async () => {
  const { verdicts, transport } = server(true);
  await signerAt(SERVER_TIME, transport).transport({ ...question, method: 'POST' });
  expect(verdicts).toEqual(['accepted']);
});

test('a robot a year behind asks once more with the server’s time, and then keeps the offset', async () => {
  const { verdicts, transport } = server(true);
  const robot = signerAt(SERVER_TIME - 365 * DAY, transport);
  await robot.transport({ ...question, method: 'POST' });
  await robot.transport({ ...question, method: 'POST' });
  expect(verdicts).toEqual(['clock_skew', 'accepted', 'accepted']);
});

test('a server that names no time is not asked again', async () => {
  const { verdicts, transport } = server(false);
  const reply = await signerAt(0, transport).transport({ ...question, method: 'POST' });
  expect([reply.status, verdicts]).toEqual([401, ['clock_skew']]);
});

test('a robot that starts in 2100 is still understood once the director has told it the time', async () => {
  const { verdicts, transport } = server(true);
  const clock = testClock(Date.UTC(2100, 0, 1));
  const robot = createRequestSigner({ signer: signerFromSeed(key.seed), clock, transport, monotonic: () => 0 });
  await robot.transport({ ...question, method: 'POST' });
  clock.pass(SERVER_TIME - clock.now());
  await robot.transport({ ...question, method: 'POST' });
  expect(verdicts).toEqual(['clock_skew', 'accepted', 'accepted']);
});
