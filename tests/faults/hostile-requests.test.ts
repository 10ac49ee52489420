/**
 * No request, peer or full disk ends the control plane or the agent: every route of their APIs gets requests that are cut
 * off at several points, too large, and sent while the disk is full. The routes are those of the tables, so a new one is
 * covered by itself.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localApi } from '@fairlead/agent/local-api/local-api';
import { V1 } from '@fairlead/shared/api/v1';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startAgent } from './harness/agent-process.ts';
import { type ControlPlaneProcess, startControlPlane } from './harness/control-plane-process.ts';
import { authorized, type RouteRequest, requestsOf } from './harness/every-route.ts';
import { CUTS, cutRaw, type RawRequest, sendRaw } from './harness/raw-request.ts';
import { isRoot, mountSmallDisk, type SmallDisk } from './harness/small-disk.ts';

let disk: SmallDisk | undefined;
let server: ControlPlaneProcess | undefined;
const theServer = (): ControlPlaneProcess => {
  if (!server) throw new Error('the control plane did not start');
  return server;
};
const ROUTES = requestsOf(V1);

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-hostile-'));
  if (isRoot) disk = mountSmallDisk(folder, 48);
  server = await startControlPlane(folder);
});
afterAll(() => {
  server?.kill();
  disk?.unmount();
});

const to = () => ({ host: '127.0.0.1', port: theServer().port });
const send = (request: RouteRequest, more: Partial<RawRequest> = {}) =>
  sendRaw(to(), { ...authorized(request, theServer().authorize), ...more });

/** The same process still answers. */
async function expectAlive(after: string): Promise<void> {
  const live = await fetch(`${theServer().url}/health/live`).then(
    ({ status }) => status,
    (error: unknown) => String(error),
  );
  expect({ after, live, exit: theServer().child.exitCode }).toEqual({ after, live: 200, exit: null });
}

/** The process did not merely outlive an exception: there was none. */
async function expectNothingUncaught(): Promise<void> {
  const metrics = await fetch(`${theServer().url}/metrics`);
  expect(await metrics.text()).toContain('fairlead_uncaught_errors_total 0');
}

test('every route outlives a peer that goes away at any point of its request', async () => {
  for (const request of ROUTES) {
    for (const cut of CUTS) await cutRaw(to(), authorized(request, theServer().authorize), cut);
    await expectAlive(`${request.name}, cut off`);
  }
  await expectNothingUncaught();
});

test('every route outlives a body that is too large, or shorter or longer than it says', async () => {
  const large = Buffer.alloc(2 * 1024 * 1024, 0x20);
  const accepted: string[] = [];
  for (const request of ROUTES) {
    const status = await send(request, { body: large });
    // 0: the connection was closed while the body was on its way.
    if (status >= 500 || (status >= 200 && status < 300 && request.route.body !== undefined))
      accepted.push(`${request.name}: ${status}`);
    await cutRaw(to(), { ...authorized(request, theServer().authorize), declared: 2 ** 40 }, 'before the reply');
    await send(request, { body: Buffer.from('{}trailing bytes that are no request'), declared: 2 });
    await expectAlive(`${request.name}, too large`);
  }
  expect(accepted).toEqual([]);
});

test('bytes that are no request, and headers that never end, get an answer and end nothing', async () => {
  const raw = (method: string, headers = {}) => ({ method, path: '/', headers, body: Buffer.alloc(0) });
  expect(await sendRaw(to(), raw('\u0000\u0001'))).toBe(400);
  expect(await sendRaw(to(), raw('GET', { 'x-long': 'a'.repeat(100_000) }))).toBe(400);
  expect(await sendRaw(to(), raw('GET', { 'transfer-encoding': 'nonsense' }))).toBe(400);
  expect(await sendRaw(to(), raw('GET', { connection: 'upgrade', upgrade: 'websocket' }))).toBe(404);
  for (const cut of CUTS) await cutRaw(to(), raw('CONNECT'), cut);
  for (const cut of CUTS) await cutRaw(to(), raw('BREW'), cut);
  await expectAlive('no request at all');
});

test.runIf(isRoot)('every route outlives a full disk, and works again when there is room', async () => {
  disk?.fill();
  const failed: string[] = [];
  for (const request of ROUTES) {
    const status = await send(request);
    if (status === 0 || (request.name === 'uploadPart' && status !== 503)) failed.push(`${request.name}: ${status}`);
    for (const cut of CUTS) await cutRaw(to(), authorized(request, theServer().authorize), cut);
    await expectAlive(`${request.name}, disk full`);
  }
  expect(failed).toEqual([]);
  disk?.free();
  const [upload] = ROUTES.filter(({ name }) => name === 'uploadPart');
  if (!upload) throw new Error('no upload in the table');
  expect(await send(upload)).not.toBe(503);
  await expectAlive('disk freed');
  await expectNothingUncaught();
});

test('every route of the agent’s socket outlives the same, on a full disk too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-hostile-agent-'));
  const small = isRoot ? mountSmallDisk(folder, 16) : undefined;
  const agent = await startAgent(folder);
  onTestFinished(() => {
    agent.kill();
    small?.unmount();
  });
  const local = { path: agent.socket };
  const alive = async (after: string) => {
    const [status] = requestsOf([localApi]).filter(({ name }) => name === 'status');
    if (!status) throw new Error('no status in the table');
    expect({ after, status: await sendRaw(local, status), exit: agent.child.exitCode }).toEqual({
      after,
      status: 200,
      exit: null,
    });
  };
  for (const filled of [false, true]) {
    if (filled) small?.fill();
    for (const request of requestsOf([localApi])) {
      for (const cut of CUTS) await cutRaw(local, request, cut);
      const tooLarge = await sendRaw(local, { ...request, body: Buffer.alloc(2 * 1024 * 1024, 0x20) });
      if (request.route.body) expect([request.name, tooLarge]).toEqual([request.name, 413]);
      await cutRaw(local, { ...request, declared: 2 ** 40 }, 'before the reply');
      expect([request.name, await sendRaw(local, request)]).not.toEqual([request.name, 0]);
      await alive(`${request.name}${filled ? ', disk full' : ''}`);
    }
  }
  expect(await agent.log()).not.toContain('"level":60');
});
