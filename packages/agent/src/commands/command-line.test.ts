import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotId } from '@fairlead/shared/ids';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type LocalHandlers, serveLocalApi } from '../local-api/serve-local-api.ts';
import { runCommandLine } from './command-line.ts';

test('attack 83: what a check of a release printed can’t repaint the terminal of the person at the robot', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-command-line-'));
  const socket = join(folder, 'agent.sock');
  const config = join(folder, 'agent.yaml');
  await writeFile(
    config,
    [
      'robot: duck-1',
      'environment: development',
      'server: http://127.0.0.1:1',
      `trust: {rootSha256: ${'a'.repeat(64)}}`,
      `root: ${folder}`,
      `socket: ${socket}`,
    ].join('\n'),
  );
  const robot = 'duck-1' as RobotId;
  const sentence = 'duck-1 is degraded: \u001b[2J\nduck-1 has nothing to do.';
  const explain = async () => ({ robot, sentence, blocked: false });
  // The command asks for nothing else.
  const server = await serveLocalApi(socket, { explain } as unknown as LocalHandlers, () => undefined);
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const notBuilt = () => Promise.reject(new Error('not asked for'));
  const built = { open: notBuilt, standIn: notBuilt as never, selfTest: notBuilt };
  const exitCode = await runCommandLine(['node', 'fairlead-agent', '--config', config, 'explain'], built);
  spy.mockRestore();
  expect([exitCode, written.join('')]).toEqual([
    0,
    expect.stringContaining('duck-1 is degraded: \\u{1b}[2J\\u{a}duck-1 has nothing to do.'),
  ]);
});
