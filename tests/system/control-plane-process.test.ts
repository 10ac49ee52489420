import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
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

test('a mistake in the configuration is reported without a stack, with the next step, and exits 2', async () => {
  const child = spawn(process.execPath, [MAIN, '--listen', 'nowhere'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  expect((await once(child, 'exit'))[0]).toBe(2);
  expect(told).toContain('listen: must');
  expect(told).toContain('--help lists every option');
  expect(told).not.toContain('    at ');
});

/** Starts one that is expected to refuse: its exit code and what it says. */
async function refusesToStart(...args: string[]): Promise<{ code: number | null; message: string }> {
  const child = spawn(process.execPath, [MAIN, '--listen', '127.0.0.1:0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let message = '';
  child.stderr.on('data', (chunk: Buffer) => (message += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(message).not.toContain('    at ');
  return { code, message };
}

test('a port in use is told in one sentence', async () => {
  const { url } = await start(await newFolder());
  const { code, message } = await refusesToStart('--data', await newFolder(), '--listen', new URL(url).host);
  expect(code).toBe(1);
  expect(message).toMatch(/could not start: listen EADDRINUSE/);
});

test('a second control plane on one SQLite folder refuses to start and names the first, which may be killed', async () => {
  const data = await newFolder();
  const first = await start(data);
  const { code, message } = await refusesToStart('--data', data);
  expect(code).toBe(1);
  expect(message).toContain(`runs on the data folder ${data}: process ${first.child.pid} on ${hostname()}, since 20`);
  expect(message).toContain('Stop that one first');

  first.child.kill('SIGKILL');
  await first.ended();
  await start(data);
});

test('a database file that is none is named, with the next step', async () => {
  const data = await newFolder();
  const file = join(data, 'fairlead.db');
  await writeFile(file, 'no database'.repeat(1000));
  const { code, message } = await refusesToStart('--data', data);
  expect(code).toBe(1);
  expect(message).toContain(file);
  expect(message).toMatch(/damaged.*Restore the newest backup/);
});
