import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComponentName } from '@fairlead/shared/ids';
import type { HealthCheck } from '@fairlead/shared/release/release-yaml';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ServiceManager, ServiceState } from '../services/service-manager.ts';
import { createProber } from './create-prober.ts';

function servicesIn(state: Partial<ServiceState>): ServiceManager {
  const done = async () => ({ ok: true, value: undefined }) as const;
  return {
    check: done,
    start: done,
    stop: done,
    state: async () => ({ state: 'running', restarts: 0, detail: 'seen', ...state }),
  };
}
const probe = (
  check: HealthCheck,
  options: { services?: ServiceManager; folder?: string; signal?: AbortSignal } = {},
) =>
  createProber(options.services ?? servicesIn({})).probe(check, {
    component: 'duck-policy' as ComponentName,
    folder: options.folder ?? tmpdir(),
    ...(options.signal && { signal: options.signal }),
  });

/** An application that answers `/<status>`, and never answers `/0`. */
async function application(): Promise<number> {
  const server = createServer((request, response) => {
    const status = Number(request.url?.slice(1));
    if (status > 0) response.writeHead(status).end('x'.repeat(200_000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}
function script(text: string): { folder: string; check: HealthCheck } {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-health-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'check'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return { folder, check: { command: { run: ['./check', 'now'], timeoutSec: 1 } } };
}

test('an application that answers as expected is healthy', async () => {
  const port = await application();
  expect(await probe({ http: { url: `http://127.0.0.1:${port}/200` } })).toMatchObject({ verdict: 'healthy' });
  expect((await probe({ http: { url: `http://127.0.0.1:${port}/204`, expectStatus: 204 } })).verdict).toBe('healthy');
  expect((await probe({ tcp: { port } })).verdict).toBe('healthy');
});

test('an application that answers 500, or nobody, or never, is unhealthy and the answer says which', async () => {
  const port = await application();
  const http = (path: string, at = port): HealthCheck => ({
    http: { url: `http://127.0.0.1:${at}${path}`, timeoutSec: 1 },
  });
  expect((await probe(http('/500'))).detail).toMatch(/answered 500, expected 200/);
  expect((await probe(http('/', 1))).detail).toMatch(/ECONNREFUSED/);
  expect((await probe(http('/0'))).detail).toMatch(/not answer in time/);
  expect(await probe({ tcp: { port: 1 } })).toMatchObject({ verdict: 'unhealthy' });
});

test('a redirect is not followed: it is a status like any other', async () => {
  const port = await application();
  expect((await probe({ http: { url: `http://127.0.0.1:${port}/302` } })).verdict).toBe('unhealthy');
});

test('a check command judges by its exit code, in the release folder', async () => {
  const good = script('test "$(basename "$0")" = check && test -f check && test "$1" = now');
  expect((await probe(good.check, good)).verdict).toBe('healthy');
  const bad = script('echo battery at 3 percent; exit 7');
  expect(await probe(bad.check, bad)).toEqual({
    verdict: 'unhealthy',
    detail: './check ended with code 7: battery at 3 percent',
  });
});

test('a check command that hangs is killed with its children', async () => {
  const slow = script('sleep 60 & echo $! > child; wait');
  expect((await probe(slow.check, slow)).detail).toMatch(/did not end in time/);
});

test('a check command leaves nothing open in the agent, also where it forks into a session of its own', async () => {
  const flees = script(
    'setsid sh -c "echo \\$\\$ >> fled; exec sleep 60" & while ! test -s fled; do sleep 0.01; done; echo fine; exit 3',
  );
  onTestFinished(() => {
    for (const pid of readFileSync(join(flees.folder, 'fled'), 'utf8').trim().split('\n'))
      process.kill(Number(pid), 'SIGKILL');
  });
  const open = () => readdirSync('/proc/self/fd').length;
  await probe(flees.check, flees);
  const before = open();
  for (let n = 0; n < 5; n += 1) {
    expect(await probe(flees.check, flees)).toEqual({
      verdict: 'unhealthy',
      detail: './check ended with code 3: fine',
    });
  }
  await vi.waitFor(() => expect(open()).toBeLessThanOrEqual(before), { timeout: 10_000 });
});

test('a check command that does not exist is unknown, and unknown is not good', async () => {
  expect((await probe({ command: { run: ['./nowhere'] } })).verdict).toBe('unknown');
});

test('a check that was called off is unknown', async () => {
  const port = await application();
  const check: HealthCheck = { http: { url: `http://127.0.0.1:${port}/0` } };
  expect((await probe(check, { signal: AbortSignal.timeout(50) })).verdict).toBe('unknown');
});

test.each([
  [{ state: 'running', restarts: 0 }, 'healthy'],
  [{ state: 'running', restarts: 3 }, 'unhealthy'],
  [{ state: 'failed', restarts: 0 }, 'unhealthy'],
  [{ state: 'stopped', restarts: 0 }, 'unhealthy'],
  [{ state: 'unknown', restarts: 0 }, 'unknown'],
] as const)('a service that is %j is %s where two restarts are allowed', async (state, verdict) => {
  const check: HealthCheck = { systemd: { unit: 'duck', maxRestarts: 2 } };
  expect((await probe(check, { services: servicesIn(state) })).verdict).toBe(verdict);
});
