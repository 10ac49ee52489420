import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { refusal } from '@fairlead/control-plane/testing/refusal';
import { createClient } from '@fairlead/shared/api/client';
import { healthApi } from '@fairlead/shared/api/health-api';
import { operatorApi } from '@fairlead/shared/api/operator-api';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { expect, onTestFinished, test } from 'vitest';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/control-plane/main'));

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: string[];
  /** Resolves with the exit code. */
  ended(): Promise<number | null>;
}

async function start(data: string, ...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, '--data', data, '--listen', '127.0.0.1:0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  void exit.then(() => listening.reject(new Error('ended before it listened')));
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (url !== undefined) listening.resolve(url);
  });
  const url = await listening.promise;
  return { child, url, lines, ended: async () => ((await exit) as [number | null])[0] };
}
const newFolder = () => mkdtemp(join(tmpdir(), 'fairlead-main-'));

test('the first start makes an admin whose password only its owner can read, and its file goes when it is changed', async () => {
  const data = await newFolder();
  const first = await start(data);
  const file = join(data, 'initial-admin-password');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const password = (await readFile(file, 'utf8')).trim();
  const operator = createClient(operatorApi, { baseUrl: first.url, transport: undiciTransport() });
  const session = await operator.login({ body: { name: 'admin', password } });
  expect(session).toMatchObject({ role: 'admin', mustChangePassword: true });
  first.child.kill('SIGTERM');
  expect(await first.ended()).toBe(0);
  expect(first.lines.join()).toContain(file);
  expect(first.lines.join()).not.toContain(password);

  const second = await start(data);
  expect(second.lines.join()).not.toContain('first user');
  expect((await readFile(file, 'utf8')).trim()).toBe(password);

  const authorise = () => ({ authorization: `Bearer ${session.token}` });
  const admin = createClient(operatorApi, { baseUrl: second.url, transport: undiciTransport(), authorise });
  expect(await refusal(admin.listUsers())).toBe('must_change_password');
  await admin.changeMyPassword({ body: { password, newPassword: 'seven green bottles' } });
  await expect(stat(file)).rejects.toThrow('ENOENT');
});

test('a running control plane is live, ready and measured over HTTP', async () => {
  const { url } = await start(await newFolder());
  const health = createClient(healthApi, { baseUrl: url, transport: undiciTransport() });
  expect(await health.live()).toEqual({ ok: true });
  const metrics = await health.metrics();
  expect(metrics).toContain('fairlead_robots{presence="online"} 0');
  expect(metrics).toContain('fairlead_http_request_seconds');
});

test('a mistake in the configuration is told without a stack, with the usage, and exits 2', async () => {
  const child = spawn(process.execPath, [MAIN, '--listen', 'nowhere'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  expect((await once(child, 'exit'))[0]).toBe(2);
  expect(told).toContain('listen: must');
  expect(told).toContain('Usage:');
  expect(told).not.toContain('    at ');
});

test('a port in use is told in one sentence', async () => {
  const { url } = await start(await newFolder());
  const args = [MAIN, '--data', await newFolder(), '--listen', new URL(url).host];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  expect((await once(child, 'exit'))[0]).toBe(1);
  expect(told).toMatch(/could not start: listen EADDRINUSE/);
  expect(told).not.toContain('    at ');
});
