import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from './output.ts';
import { runFairlead } from './testing/run-fairlead.ts';
import { robot } from './testing/views.ts';

function speaker(options: { json?: boolean; terminal?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const said = { stdout: '', stderr: '' };
  const stderr = new PassThrough();
  stderr.on('data', (chunk) => (said.stderr += String(chunk)));
  const out = createOutput({
    json: () => options.json === true,
    stdout: { write: (text) => (said.stdout += text), isTTY: options.terminal === true, columns: 40 },
    stderr,
    env: options.env ?? {},
  });
  return { out, said };
}

test('with --json stdout holds exactly one JSON document', async () => {
  const script = { 'GET /api/v1/robots': { items: [robot()] } };
  const { stdout } = await runFairlead('robot list --json', { script });
  expect(JSON.parse(stdout)).toEqual({ items: [robot()] });
});

test('a person gets a table of robots', async () => {
  const script = { 'GET /api/v1/robots': { items: [robot({ presence: 'late' })] } };
  const { stdout } = await runFairlead('robot list', { script });
  expect(stdout).toMatch(/^ROBOT +ENVIRONMENT +GROUP/);
  expect(stdout).toMatch(/duck-1 +production +warehouse +accepted +late +- +walking@1\.0\.0/);
});

test('all pages of a long fleet are one list', async () => {
  const pages = [{ items: [robot()], next: 'c1' }, { items: [robot({ robot: 'duck-2' })] }];
  const script = { 'GET /api/v1/robots': () => pages.shift() };
  const { stdout, asked } = await runFairlead('robot list', { script });
  expect(stdout).toContain('duck-2');
  expect(asked.map(({ path }) => path)).toEqual(['/api/v1/robots', '/api/v1/robots?cursor=c1']);
});

test.each([
  ['a terminal', { terminal: true }, true],
  ['a pipe', { terminal: false }, false],
  ['a terminal under NO_COLOR', { terminal: true, env: { NO_COLOR: '1' } }, false],
])('colours on %s', (_, options, coloured) => {
  const { out, said } = speaker(options);
  out.line('failed', 'bad');
  expect(said.stdout.includes('\u001b[31m')).toBe(coloured);
});

test('an escape sequence in a robot label is shown, never obeyed', () => {
  const { out, said } = speaker({ terminal: true });
  out.table(['LABEL'], [['\u001b[2Jgone\u202e\nduck-9']]);
  expect(said.stdout).toContain('\\u{1b}[2Jgone\\u{202e}\\u{a}duck-9');
});

test('warnings go to stderr, so that a pipe gets only the result', () => {
  const { out, said } = speaker({ json: true });
  out.warn('careful');
  expect(said).toEqual({ stdout: '', stderr: 'warning: careful\n' });
});

test('a long sentence is broken between words on a terminal, and stays one line in a pipe', () => {
  const sentence = 'next: fairlead rollout robots ro_1 shows the failed ones';
  const terminal = speaker({ terminal: true });
  terminal.out.line(sentence);
  expect(terminal.said.stdout).toBe('next: fairlead rollout robots ro_1 shows\n      the failed ones\n');
  const pipe = speaker();
  pipe.out.line(sentence);
  expect(pipe.said.stdout).toBe(`${sentence}\n`);
});
