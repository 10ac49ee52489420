import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '@fairlead/shared/api/client';
import type { RobotId } from '@fairlead/shared/ids';
import { testClock } from '@fairlead/shared/testing/test-clock';
import { MINUTE, SECOND, toTimestamp } from '@fairlead/shared/time';
import { expect, test } from 'vitest';
import { TEST_URL } from '../testing/inject-transport.ts';
import { refusal } from '../testing/refusal.ts';
import { testControlPlane } from '../testing/test-control-plane.ts';
import { question, type TestRobot, testRobot } from '../testing/test-robot.ts';
import type { IncomingRequest } from './authenticate.ts';
import { robotDoors } from './authenticate-robot.ts';
import { ProblemReply } from './problem.ts';
import { requestLimit } from './request-limit.ts';

async function acceptedRobot() {
  const controlPlane = await testControlPlane();
  const { operator } = await controlPlane.as('operator');
  const robot = testRobot(controlPlane, 'duck-1');
  await robot.enrol();
  await operator.acceptRobot({ params: { robot: robot.name }, body: {} });
  return { controlPlane, operator, robot };
}
const REPORTS = JSON.stringify({ envelopes: [] });

/** A request to report, signed as it is, to be tampered with before it is sent. */
async function signedReport() {
  const { controlPlane, robot } = await acceptedRobot();
  const url = new URL(`${TEST_URL}/api/v1/robots/duck-1/reports`);
  const body = Buffer.from(REPORTS);
  const headers: Record<string, string> = {
    host: url.host,
    'content-type': 'application/json',
    ...robot.sign({ method: 'POST', url, body }),
  };
  const send = async (changed: { url?: string; payload?: string; headers?: Record<string, string> } = {}) => {
    const reply = await controlPlane.app.inject({
      method: 'POST',
      url: changed.url ?? url.pathname,
      headers: { ...headers, ...changed.headers },
      payload: changed.payload ?? REPORTS,
    });
    return reply.json<{ code: string }>().code;
  };
  return { controlPlane, robot, headers, send };
}

test('an untouched signed request gets through to its validation', async () => {
  const { send } = await signedReport();
  expect(await send()).toBe('bad_request');
});

test('attack 65: the same signed request is accepted once, also at the same moment', async () => {
  const { send } = await signedReport();
  expect((await Promise.all([send(), send(), send()])).sort()).toEqual(['bad_request', 'replay', 'replay']);
});

test('attack 65: what a server answered just before it was killed, the next one on its disk refuses', async () => {
  const databaseFile = join(await mkdtemp(join(tmpdir(), 'fairlead-replay-')), 'fairlead.db');
  const clock = testClock();
  const killed = await testControlPlane({ clock, databaseFile });
  const robot = testRobot(killed, 'duck-1');
  await robot.enrol();
  const url = new URL(`${TEST_URL}/api/v1/robots/duck-1/check-in`);
  const payload = JSON.stringify(question());
  const headers = {
    host: url.host,
    'content-type': 'application/json',
    ...robot.sign({ method: 'POST', url, body: Buffer.from(payload) }),
  };
  const request = { method: 'POST', url: url.pathname, headers, payload } as const;
  expect((await killed.app.inject(request)).statusCode).toBe(200);
  // The first one never stopped in order: nothing but its database file is left of it.
  const next = await testControlPlane({ clock, databaseFile });
  expect((await next.app.inject(request)).json()).toMatchObject({ code: 'replay' });
});

test('a nonce is remembered for longer than its signature is valid', async () => {
  const { controlPlane, send } = await signedReport();
  await send();
  controlPlane.clock.pass(5 * MINUTE);
  expect(await controlPlane.store.requestNonces.forgetSome(controlPlane.clock.now() - 10 * MINUTE)).toBe(false);
  expect(await send()).toBe('replay');
  controlPlane.clock.pass(MINUTE);
  expect(await send()).toBe('clock_skew');
});

test.each([
  ['attack 66: the body', { payload: '{"envelopes":[1]}' }],
  ['attack 66: the query', { url: '/api/v1/robots/duck-1/reports?force=1' }],
  ['attack 68: the name of the server', { headers: { host: 'evil.example' } }],
  ['attack 67: a second signature', { headers: { signature: 'sig=:AAAA:, sig2=:AAAA:' } }],
  ['no signature', { headers: { signature: '' } }],
])('%s changed after signing: refused', async (_what, changed) => {
  const { send } = await signedReport();
  expect(await send(changed)).toBe('bad_signature');
});

test('attack 66: a signature that leaves the body out is refused', async () => {
  const { headers, send } = await signedReport();
  const input = headers['signature-input']?.replace(' "content-digest"', '') ?? '';
  expect(await send({ headers: { 'signature-input': input } })).toBe('bad_signature');
});

test('attack 75: a robot reads and reports for nobody but itself', async () => {
  const { controlPlane, robot } = await acceptedRobot();
  const other = testRobot(controlPlane, 'duck-2');
  await other.enrol();
  const asOther = robot.client.checkIn({
    params: { robot: 'duck-2' as RobotId },
    body: {
      nonce: '0'.repeat(32),
      bootId: 'b',
      agentVersion: '0.1.0',
      knownSeq: 0,
      waitSec: 0,
      components: [],
      activity: { state: 'idle' },
      trust: { root: 0, timestamp: 0, snapshot: 0, role: 0 },
      unsentReports: 0,
    },
  });
  expect(await refusal(asOther)).toBe('forbidden');
});

test('a robot whose clock is off is told the time, and only if it holds its key', async () => {
  const { controlPlane, robot } = await acceptedRobot();
  const late = testClock(controlPlane.clock.now() - 6 * MINUTE);
  const lagging = testRobot({ app: controlPlane.app, clock: late }, 'duck-1', { signer: robot.signer });
  const answer = await lagging.checkIn().catch((error: unknown) => error);
  expect(answer).toBeInstanceOf(ProblemError);
  expect(answer).toMatchObject({
    problem: { status: 401, code: 'clock_skew', serverTime: toTimestamp(controlPlane.clock.now()) },
  });
  const stranger = testRobot({ app: controlPlane.app, clock: late }, 'duck-1');
  expect(await refusal(stranger.checkIn())).toBe('bad_signature');
});

test('people cannot speak as robots, nor robots as people', async () => {
  const { controlPlane, robot } = await acceptedRobot();
  const { operator } = await controlPlane.as('admin');
  expect(await refusal(operator.me())).toBe('accepted');
  const url = new URL(`${TEST_URL}/api/v1/me`);
  const headers = { host: url.host, ...robot.sign({ method: 'GET', url }) };
  expect((await controlPlane.app.inject({ url: url.pathname, headers })).json()).toMatchObject({
    code: 'unauthenticated',
  });
});

/** The robots' door alone, with a small allowance, and a request of the robot that knocks at it. */
async function narrowDoor() {
  const { controlPlane, robot, operator } = await acceptedRobot();
  const { store, clock } = controlPlane;
  const url = new URL(`${TEST_URL}/api/v1/robots/duck-1/check-in`);
  const limit = requestLimit(clock, { burst: 3, perSecond: 1 });
  const doors = robotDoors({ store, clock, authorities: () => [url.host], limit });
  const request = (of: TestRobot): IncomingRequest => {
    const headers = { host: url.host, ...of.sign({ method: 'POST', url }) };
    const params = { robot: of.name };
    return { method: 'POST', path: url.pathname, query: '', headers, rawBody: new Uint8Array(), body: {}, params };
  };
  const knock = (one: IncomingRequest) =>
    doors.robot(one, { waiting: true }).then(
      () => 'let in',
      (error: unknown) => (error instanceof ProblemReply ? error.code : String(error)),
    );
  return { controlPlane, operator, robot, request, knock };
}

test('attack 107: a robot that asks without end waits, and others are not held up', async () => {
  const { controlPlane, robot, operator, request, knock } = await narrowDoor();
  const other = testRobot(controlPlane, 'duck-2');
  await other.enrol();
  await operator.acceptRobot({ params: { robot: other.name }, body: {} });
  const knocks = (count: number) => Promise.all(Array.from({ length: count }, () => knock(request(robot))));
  expect((await knocks(5)).sort()).toEqual(['let in', 'let in', 'let in', 'rate_limited', 'rate_limited']);
  expect(await knock(request(other))).toBe('let in');
  controlPlane.clock.pass(SECOND);
  expect((await knocks(2)).sort()).toEqual(['let in', 'rate_limited']);
});

test('attack 107: somebody who repeats a request of a robot uses up nothing of what it may ask', async () => {
  const { robot, request, knock } = await narrowDoor();
  const overheard = request(robot);
  await knock(overheard);
  for (let repeated = 0; repeated < 5; repeated += 1) expect(await knock(overheard)).toBe('replay');
  expect([await knock(request(robot)), await knock(request(robot))]).toEqual(['let in', 'let in']);
});
