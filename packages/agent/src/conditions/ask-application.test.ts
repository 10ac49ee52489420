import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { undiciTransport } from '@fairlead/toolkit/http/undici-transport';
import { expect, onTestFinished, test } from 'vitest';
import { sampleJournal } from '../journal/journal-store-contract.ts';
import { askApplication } from './ask-application.ts';

const QUESTION = sampleJournal();
/** An application that answers this, or nothing where it is undefined. */
async function application(answer: unknown, status = 200) {
  const heard: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      heard.push(JSON.parse(text));
      if (answer !== undefined) response.writeHead(status).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/safe-state`;
  return { heard, safeState: askApplication({ url, timeoutSec: 1 }, () => undiciTransport()) };
}

test('the application is told what would be switched, says that it is safe, and hears when it is over', async () => {
  const { heard, safeState } = await application({ safe: true });
  expect(await safeState.ask(QUESTION, true)).toEqual({ ok: true, value: undefined });
  safeState.over(QUESTION, 'switched');
  const words = { component: 'duck-policy', deployment: 'dep_0000000001', to: '1.0.0' };
  await expect
    .poll(() => heard)
    .toEqual([
      { event: 'may-switch', final: true, ...words },
      { event: 'over', outcome: 'switched', ...words },
    ]);
});

test.each([
  [{ safe: false, reason: 'on one leg', retryAfterSec: 3 }, 200, 'not_safe', 'on one leg', 3000],
  [{ safe: false }, 200, 'not_safe', 'it says no', 10_000],
  [{ safe: 'yes' }, 200, 'safe_state_unanswered', 'something else', 10_000],
  [{ safe: true }, 500, 'safe_state_unanswered', 'HTTP 500', 10_000],
  [undefined, 200, 'safe_state_unanswered', 'no answer', 10_000],
])('an application that answers %j with %i is not safe', async (answer, status, category, detail, retryAfterMs) => {
  const { safeState } = await application(answer, status);
  const asked = await safeState.ask(QUESTION, false);
  expect(asked).toMatchObject({ ok: false, refused: { category }, retryAfterMs });
  expect(asked.ok ? '' : asked.refused.detail).toContain(detail);
});

test('an application that does not run is not safe, and telling it that it is over harms nobody', async () => {
  const safeState = askApplication({ url: 'http://127.0.0.1:9/x', timeoutSec: 1 }, () => undiciTransport());
  expect(await safeState.ask(QUESTION, false)).toMatchObject({ refused: { category: 'safe_state_unanswered' } });
  safeState.over(QUESTION, 'given-up');
});

test('a command may be asked instead: its exit code is the answer and what it prints the reason', async () => {
  const says = (script: string) =>
    askApplication({ command: { run: ['/bin/sh', '-c', script, 'sh'] } }, () => undiciTransport()).ask(QUESTION, true);
  expect(await says('case "$1" in *may-switch*true*) exit 0;; esac; exit 1')).toMatchObject({ ok: true });
  expect(await says('echo it dances; exit 1')).toMatchObject({
    refused: { category: 'not_safe', detail: expect.stringContaining('it dances') },
  });
});
