import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentStatus } from '@fairlead/agent/local-api/local-api';
import { parse } from '@fairlead/shared/parse';
import { expect, onTestFinished, test } from 'vitest';

const MAIN = fileURLToPath(import.meta.resolve('@fairlead/agent/main'));

/** A robot whose control plane is down. */
function lonelyRobot(yaml = '') {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-agent-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'agent.yaml');
  const root = join(folder, 'root');
  const text = `server: http://127.0.0.1:1\nrobot: duck-1\nenvironment: production\nroot: ${root}\n`;
  writeFileSync(file, `${text}trust: {rootSha256: ${'a'.repeat(64)}}\nservices: {manager: process}\n${yaml}`);
  const command = (...args: string[]) =>
    new Promise<{ code: number; said: string }>((resolve) => {
      execFile(process.execPath, [MAIN, ...args, '--config', file], (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
      );
    });
  const run = async () => {
    const child = spawn(process.execPath, [MAIN, 'run', '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  return { root, command, run };
}

test('an agent starts with its server down, tells what is wrong, and ends in order', async () => {
  const { command, run } = lonelyRobot();
  const child = await run();
  await expect.poll(async () => (await command('explain')).said, { timeout: 15_000 }).toMatch(/did not answer/);
  const status = parse(AgentStatus, JSON.parse((await command('status', '--json')).said));
  expect(status.ok && status.value).toMatchObject({ robot: 'duck-1', enrolled: false, activity: { state: 'idle' } });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('an agent whose trust and enrolment the disk has spoilt starts, says so, and gives up no memory', async () => {
  const { root, command, run } = lonelyRobot();
  mkdirSync(join(root, 'trust'), { recursive: true });
  mkdirSync(join(root, 'identity'));
  writeFileSync(join(root, 'trust/trust.db'), 'rot');
  writeFileSync(join(root, 'identity/robot.json'), 'rot');
  const child = await run();
  await expect.poll(async () => (await command('status')).said, { timeout: 15_000 }).toMatch(/trouble/);
  const status = parse(AgentStatus, JSON.parse((await command('status', '--json')).said));
  expect(status.ok && status.value).toMatchObject({ enrolled: false, unsentReports: 2 });
  expect(readFileSync(join(root, 'trust/trust.db'), 'utf8')).toBe('rot');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a second agent on one root folder is refused and leaves the first one alone', async () => {
  const { command, run } = lonelyRobot();
  const first = await run();
  expect(await command('run')).toMatchObject({ code: 1, said: expect.stringMatching(/Another agent answers/) });
  expect((await command('check-now')).code).toBe(0);
  first.kill('SIGTERM');
  await once(first, 'exit');
});

test('without an agent the command line says so, and what needs none still works', async () => {
  const { command } = lonelyRobot();
  expect(await command('status')).toMatchObject({ code: 4, said: expect.stringMatching(/No agent answers/) });
  expect(await command('verify')).toMatchObject({ code: 0 });
  expect(await command('self-test')).toMatchObject({
    code: 0,
    said: expect.stringMatching(/ONNX Runtime [0-9.]+ loads/),
  });
});

test('a mistake in agent.yaml ends every command with its line, and without a stack', async () => {
  const { command } = lonelyRobot('labelz: {}\n');
  const { code, said } = await command('run');
  expect(code).toBe(2);
  expect(said).toMatch(/agent\.yaml:7: labelz: unknown key labelz/);
  expect(said).not.toMatch(/\n {4}at /);
});
