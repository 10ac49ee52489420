/** The Python example client against an agent that misbehaves: the task learns when its lease is over, and not before. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test as plain } from 'vitest';

const CLIENT = join(import.meta.dirname, '../../examples/clients/python');
const TASK = `
import sys, time
from fairlead_client import Agent, LeaseLost
try:
    with Agent(sys.argv[1], timeout=1).busy("arm", "holds a cup", seconds=1):
        try:
            end = time.monotonic() + float(sys.argv[2])
            while time.monotonic() < end:
                time.sleep(0.02)
            print("finished")
        except LeaseLost as lost:
            print("lost in the task:", lost)
            raise
except LeaseLost:
    print("stopped")
`;
const test = plain.skipIf(spawnSync('python3', ['--version']).status !== 0);

type Answer = (reply: ServerResponse) => void;
const OK: Answer = (reply) => reply.end('{}');
const BAD: readonly Answer[] = [
  (reply) => reply.end('this is no JSON'),
  (reply) => reply.socket?.destroy(),
  (reply) => reply.writeHead(500).end('{"detail": "the disk is full"}'),
  (reply) => reply.socket?.end('no HTTP at all\r\n\r\n'),
  (reply) => reply.writeHead(200, { 'content-length': '100' }).end('{'),
  (reply) => reply.writeHead(502).end(),
];

/** What the task printed, and how often its lease was extended. `answers`: to extensions, the last one for ever. */
async function task(seconds: number, answers: readonly Answer[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-python-'));
  let extended = 0;
  const server = createServer((request, reply) => {
    request.resume();
    const answer = request.method === 'PUT' ? answers[Math.min(extended++, answers.length - 1)] : OK;
    answer?.(reply);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const socket = join(folder, 'agent.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const env = { ...process.env, PYTHONPATH: CLIENT, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
  const child = spawn('python3', ['-c', TASK, socket, String(seconds)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  await once(child, 'close');
  return { said: said.trim(), extended };
}

test.each(BAD)('a lease is extended again after an agent gave answer %# that is none', async (bad) => {
  const { said, extended } = await task(2.5, [bad, OK]);
  expect(said).toBe('finished');
  expect(extended).toBeGreaterThan(1);
});

test.each(BAD)('a task whose lease is over learns it in the task itself (answer %#)', async (bad) => {
  const { said, extended } = await task(30, [OK, bad]);
  expect(said).toMatch(/^lost in the task: the lease of arm is over[^]*\nstopped$/);
  expect(extended).toBeGreaterThan(1);
});

test('a task that ends while its lease holds is told nothing', async () => {
  expect((await task(0.2, [OK])).said).toBe('finished');
});
