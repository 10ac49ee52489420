/** The built agent: the files that a robot gets, started without the project around them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentBuild, buildAgent } from '../../scripts/package/build-agent.ts';

const run = promisify(execFile);
let folder: string;
let built: AgentBuild;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-built-'));
  built = await buildAgent({ version: '7.7.7', into: join(folder, 'agent') });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** In a folder and an environment that know nothing of the project. */
const agent = (...args: string[]) => {
  const [node = '', ...main] = built.command;
  return run(node, [...main, ...args], { cwd: folder, env: { PATH: '/usr/bin:/bin' } });
};

test('a built agent says the version it was built as', async () => {
  expect((await agent('--version')).stdout.trim()).toBe('7.7.7');
});

test('a built agent brings a database, ONNX Runtime and nothing of another processor', async () => {
  const names = await readdir(built.folder, { recursive: true });
  const foreign = names.filter((name) => /darwin|win32|musl|\.(ts|map)$/.test(name));
  expect(foreign).toEqual([]);
  const other = process.arch === 'x64' ? 'arm64' : 'x64';
  expect(names.filter((name) => name.includes(`/${other}`) || name.includes(`linux-${other}`))).toEqual([]);
});

test('a built agent passes its own self-test but for what the robot must bring', async () => {
  const config = join(folder, 'agent.yaml');
  await writeFile(
    config,
    `server: http://127.0.0.1:9\nrobot: built-1\nenvironment: production\nroot: ${join(folder, 'root')}\n` +
      `trust: {rootSha256: ${'ab'.repeat(32)}}\nservices: {manager: process, commands: {}}\n`,
  );
  const { stdout } = await agent('--config', config, '--json', 'self-test');
  const findings: { check: string; ok: boolean }[] = JSON.parse(stdout);
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(findings.map(({ check }) => check)).toContain('smoke tests');
});
