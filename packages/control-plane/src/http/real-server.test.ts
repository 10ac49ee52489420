/** Over real sockets, with the client that agent and CLI use. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient, ProblemError, Unreachable } from '@fairlead/shared/api/client';
import { healthApi } from '@fairlead/shared/api/health-api';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { expect, onTestFinished, test } from 'vitest';
import { type TestControlPlane, testControlPlane } from '../testing/test-control-plane.ts';
import { question, testRobot } from '../testing/test-robot.ts';

async function listening() {
  const controlPlane = await testControlPlane();
  const baseUrl = await controlPlane.app.listen({ host: '127.0.0.1', port: 0 });
  const transport = undiciTransport();
  return { controlPlane, baseUrl, transport, robot: testRobot(controlPlane, 'duck-1', { baseUrl, transport }) };
}

/** Resolves once the robot's check-in has been heard. */
async function untilHeard({ as }: TestControlPlane): Promise<void> {
  const { operator } = await as('viewer');
  while (!(await operator.listRobots()).items[0]?.lastSeen) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a robot enrols and checks in with signed requests', async () => {
  const { robot } = await listening();
  await robot.enrol();
  expect(await robot.checkIn()).toMatchObject({ lifecycle: 'pending' });
});

test('a robot that waits for news is answered, not cut off, when the server stops', async () => {
  const { controlPlane, robot, baseUrl, transport } = await listening();
  await robot.enrol();
  const waiting = robot.checkIn({ waitSec: 25 });
  await untilHeard(controlPlane);
  const stopped = controlPlane.stop();
  expect(await waiting).toMatchObject({ lifecycle: 'pending' });
  await stopped;
  await expect(createClient(healthApi, { baseUrl, transport }).live()).rejects.toBeInstanceOf(Unreachable);
}, 10_000);

test('a robot that hangs up leaves nothing behind', async () => {
  const { controlPlane, robot } = await listening();
  await robot.enrol();
  const gone = new AbortController();
  const { name, client } = robot;
  const body = { ...question(), waitSec: 25 };
  const waiting = client.checkIn({ params: { robot: name }, body }, { signal: gone.signal });
  await untilHeard(controlPlane);
  gone.abort();
  await expect(waiting).rejects.not.toBeInstanceOf(ProblemError);
  while (!controlPlane.log.some((line) => line.includes('check-in'))) await new Promise((r) => setTimeout(r, 5));
}, 10_000);

test.each([
  ['no robot', 'POST /api/v1/robots/duck-1/check-in'],
  ['no person', 'PUT /api/v1/trust/roles/development'],
])('attack 128: whoever is %s is refused before the body has come', async (_who, line) => {
  const { controlPlane, baseUrl } = await listening();
  const { port } = controlPlane.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const type = 'content-type: application/json\r\ncontent-length: 1000000';
  socket.write(`${line} HTTP/1.1\r\nhost: ${new URL(baseUrl).host}\r\n${type}\r\n\r\n{`);
  const [first] = await once(socket, 'data');
  expect(String(first)).toMatch(/^HTTP\/1\.1 401 /);
});

test('what is not HTTP is refused with a problem document', async () => {
  const { controlPlane } = await listening();
  const { port } = controlPlane.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1', () => socket.write('QUACK / DUCK/1.0\r\n\r\n'));
  const told = await text(socket);
  expect(told).toMatch(/^HTTP\/1\.1 400 /);
  expect(told).toContain('application/problem+json');
});
