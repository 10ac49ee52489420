import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '@fairlead/shared/api/client';
import type { ComponentName, RobotId } from '@fairlead/shared/ids';
import { expect, onTestFinished, test } from 'vitest';
import { localClient } from './local-client.ts';
import { type LocalHandlers, serveLocalApi } from './serve-local-api.ts';

const onError = (error: unknown): never => {
  throw error;
};
const LEASE = {
  owner: 'navigation',
  reason: 'mapping run',
  expiresAt: '2026-11-21T14:05:00.000Z',
  ageSec: 1,
  remainingSec: 9,
};
const handlers: LocalHandlers = {
  listLeases: async () => ({ leases: [LEASE], maxSec: 3600 }),
  takeLease: async ({ body }) => ({ ...LEASE, ...body }),
  extendLease: async ({ params }) => ({ ...LEASE, owner: params.owner }),
  releaseLease: ({ params }) =>
    Promise.reject(
      new ProblemError({
        type: 'about:blank',
        title: '',
        status: 404,
        code: 'not_found',
        detail: `${params.owner} holds none`,
      }),
    ),
  postFacts: async ({ body = {} } = {}) => body,
  postMetrics: async ({ body = {} } = {}) => body,
  status: () => Promise.reject(new Error('the disk is gone')),
  explain: async () => ({ robot: 'duck-1' as RobotId, sentence: 'duck-1 is up to date.', blocked: false }),
  checkNow: async () => ({ asked: true }),
  rollBack: async ({ body }) => ({
    refusal: {
      phase: 'roll-back',
      element: body.component,
      category: 'no_previous',
      detail: `${body.by} asked`,
      retryable: false,
      hint: '',
    },
  }),
};

async function agentOn(socket = join(folder(), 'agent.sock')) {
  const server = await serveLocalApi(socket, handlers, onError);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { socket, agent: localClient(socket) };
}
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fairlead-socket-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test('the command line asks the agent over a socket that only its group may use', async () => {
  const { socket, agent } = await agentOn();
  expect(await agent.explain()).toMatchObject({ sentence: 'duck-1 is up to date.' });
  expect(await agent.checkNow()).toEqual({ asked: true });
  const { refusal } = await agent.rollBack({ body: { component: 'duck' as ComponentName, by: 'alice' } });
  expect(refusal?.detail).toBe('alice asked');
  expect(statSync(socket).mode & 0o777).toBe(0o660);
});

test('a malformed order is refused, and a failure is told without its stack', async () => {
  const { agent } = await agentOn();
  const refused = agent.rollBack({ body: { component: '../etc' as ComponentName, by: 'alice' } });
  await expect(refused).rejects.toSatisfy((error) => error instanceof ProblemError && error.problem.status === 400);
  await expect(agent.status()).rejects.toMatchObject({ problem: { code: 'internal', detail: 'the disk is gone' } });
});

test('a socket that a dead agent left is replaced', async () => {
  const socket = join(folder(), 'agent.sock');
  writeFileSync(socket, '');
  const { agent } = await agentOn(socket);
  expect(await agent.checkNow()).toEqual({ asked: true });
});

test('a second agent on one root folder does not start', async () => {
  const { socket } = await agentOn();
  await expect(serveLocalApi(socket, handlers, onError)).rejects.toMatchObject({
    refusal: { category: 'already_running' },
  });
});

test('a program names its lease in the path, and a handler’s no is told as it was said', async () => {
  const { agent } = await agentOn();
  expect(await agent.extendLease({ params: { owner: 'arm@left' }, body: { ttlSec: 5 } })).toMatchObject({
    owner: 'arm@left',
  });
  const released = agent.releaseLease({ params: { owner: 'arm' } });
  await expect(released).rejects.toMatchObject({ problem: { status: 404, detail: 'arm holds none' } });
  const odd = agent.extendLease({ params: { owner: '../x' }, body: { ttlSec: 5 } });
  await expect(odd).rejects.toMatchObject({ problem: { status: 400 } });
  const none = agent.postFacts({ body: {} });
  await expect(none).rejects.toMatchObject({ problem: { status: 400 } });
});
