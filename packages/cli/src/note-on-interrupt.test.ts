import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { newHome } from './testing/run-fairlead.ts';
import { deployment, rollout } from './testing/views.ts';

/** Runs the command line as a process against these answers; sends SIGINT once it printed `until`. */
async function interrupted(args: readonly string[], answers: Readonly<Record<string, unknown>>, until: RegExp) {
  const server = createServer((request, response) => {
    const answer = answers[`${request.method} ${request.url?.split('?')[0]}`];
    request.resume();
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const env = {
    ...process.env,
    FAIRLEAD_HOME: newHome(),
    FAIRLEAD_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
  });
  let output = '';
  let isInterrupted = false;
  const onText = (chunk: unknown): void => {
    output += String(chunk);
    if (isInterrupted || !until.test(output)) return;
    isInterrupted = true;
    child.kill('SIGINT');
  };
  child.stdout.on('data', onText);
  child.stderr.on('data', onText);
  const [code, signal] = await once(child, 'close');
  return { code, signal, output };
}

test('Ctrl-C in rollout watch says that the rollout goes on, and ends by the signal', { timeout: 60_000 }, async () => {
  const view = rollout({ state: 'running' });
  const answers = { [`GET /api/v1/rollouts/${view.rollout}`]: view };
  const { signal, output } = await interrupted(['rollout', 'watch', view.rollout], answers, /running/);
  expect(signal).toBe('SIGINT');
  expect(output).toContain(`The rollout goes on by itself. Look again: fairlead rollout watch ${view.rollout}`);
});

test('Ctrl-C in --wait says that the robots carry on', { timeout: 60_000 }, async () => {
  const view = deployment('downloading');
  const next = deployment('probation');
  const answers = {
    'POST /api/v1/deployments': { deployments: [view], skipped: [] },
    [`GET /api/v1/deployments/${view.deployment}`]: { deployment: next, events: [] },
  };
  const line = ['deploy', '--robot', view.robot, '--release', 'walking@1.0.0', '--wait'];
  const { signal, output } = await interrupted(line, answers, /probation/);
  expect(signal).toBe('SIGINT');
  expect(output).toContain('The robots go on by themselves.');
});
